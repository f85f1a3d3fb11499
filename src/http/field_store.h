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
#include "base/pen.h"
#include "http/message.h"

namespace warmgate::http {

class FieldStore {
 public:
  // Room for `count` fields and `bytes` of text.
  void reserve(size_t bytes, size_t count) {
    const size_t before_text = count * sizeof(Field);
    arena_ = std::make_unique_for_overwrite<std::byte[]>(before_text + bytes);
    fields_ = reinterpret_cast<Field*>(arena_.get());
    size_ = 0;
    count_max_ = count;
    text_ = Pen(reinterpret_cast<char*>(arena_.get() + before_text));
    text_end_ = text_.at() + bytes;
  }

  // A copy that lives as long as this store.
  std::string_view keep(std::string_view text) {
    const char* const begin = mark();
    pen(text.size()).put(text);
    return since(begin);
  }

  // For a text that grows in steps: mark(), pen() any number of times, since(mark). At most `bytes`
  // may be put with a pen.
  const char* mark() const { return text_.at(); }
  Pen& pen(size_t bytes) {
    WG_ASSERT(bytes <= static_cast<size_t>(text_end_ - text_.at()),
              "a field store was reserved too small");
    return text_;
  }
  std::string_view since(const char* begin) const {
    return {begin, static_cast<size_t>(text_.at() - begin)};
  }

  void add(const Field& field) { push({keep(field.name), keep(field.value), field.id}); }

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
  void add_rebased(const Field& field) {
    push({rebased(field.name), rebased(field.value), field.id});
  }

  // For names and values with static storage, and those kept before.
  void add_kept(std::string_view name, std::string_view value) {
    push({name, value, FieldName::other});
  }

  std::span<const Field> span() const { return {fields_, size_}; }

 private:
  void push(const Field& field) {
    WG_ASSERT(size_ < count_max_, "a field store was reserved too small");
    ::new (fields_ + size_++) Field(field);
  }

  std::unique_ptr<std::byte[]> arena_;  // fields first, then text
  Field* fields_ = nullptr;
  size_t size_ = 0;
  size_t count_max_ = 0;
  Pen text_{nullptr};
  const char* text_end_ = nullptr;
  std::string_view source_;
  const char* copy_ = nullptr;
};

}  // namespace warmgate::http
