// FieldStore: header fields and texts that outlive the buffer they were parsed from. One allocation
// for all of it, so that ten thousand waiting requests stay small and a request stays cheap.
//
// Use.     reserve() once with upper bounds, then add. What was added stays where it is, also when
//          the store is moved.
#pragma once

#include <memory>
#include <new>
#include <span>
#include <string_view>

#include "base/assert.h"
#include "base/copy.h"
#include "http/message.h"

namespace warmgate::gateway {

class FieldStore {
 public:
  // Room for `count` fields and `bytes` of text.
  void reserve(size_t bytes, size_t count) {
    const size_t before_text = count * sizeof(http::Field);
    arena_ = std::make_unique_for_overwrite<std::byte[]>(before_text + bytes);
    fields_ = reinterpret_cast<http::Field*>(arena_.get());
    size_ = 0;
    count_max_ = count;
    text_ = reinterpret_cast<char*>(arena_.get() + before_text);
    text_left_ = bytes;
  }

  // A copy that lives as long as this store.
  std::string_view keep(std::string_view text) { return keep_joined({text}); }

  // The parts one behind the other, as one text.
  std::string_view keep_joined(std::initializer_list<std::string_view> parts) {
    const char* const begin = text_;
    for (const std::string_view part : parts) append(part);
    return since(begin);
  }

  // For a text that grows in steps: mark(), append() any number of times, since(mark).
  const char* mark() const { return text_; }
  void append(std::string_view part) {
    WG_ASSERT(part.size() <= text_left_, "a field store was reserved too small");
    text_ = copy_text(text_, part);
    text_left_ -= part.size();
  }
  std::string_view since(const char* begin) const {
    return {begin, static_cast<size_t>(text_ - begin)};
  }

  void add(const http::Field& field) { push({keep(field.name), keep(field.value), field.id}); }

  // Copies a whole head in one go; rebased() then gives for a view into it the one into the copy,
  // and for any other text a copy of its own.
  void keep_source(std::string_view source) {
    source_ = source;
    copy_ = keep(source).data();
  }
  std::string_view rebased(std::string_view view) {
    const auto offset = static_cast<size_t>(view.data() - source_.data());
    if (offset >= source_.size()) return keep(view);
    return {copy_ + offset, view.size()};
  }
  void add_rebased(const http::Field& field) {
    push({rebased(field.name), rebased(field.value), field.id});
  }

  // For names and values with static storage, and those kept before.
  void add_kept(std::string_view name, std::string_view value) {
    push({name, value, http::FieldName::other});
  }

  std::span<const http::Field> span() const { return {fields_, size_}; }

 private:
  void push(const http::Field& field) {
    WG_ASSERT(size_ < count_max_, "a field store was reserved too small");
    ::new (fields_ + size_++) http::Field(field);
  }

  std::unique_ptr<std::byte[]> arena_;  // fields first, then text
  http::Field* fields_ = nullptr;
  size_t size_ = 0;
  size_t count_max_ = 0;
  char* text_ = nullptr;
  size_t text_left_ = 0;
  std::string_view source_;
  const char* copy_ = nullptr;
};

}  // namespace warmgate::gateway
