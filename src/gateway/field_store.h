// FieldStore: header fields that outlive the buffer they were parsed from. One allocation for all
// bytes, so that ten thousand waiting requests stay small.
#pragma once

#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "http/message.h"

namespace warmgate::gateway {

class FieldStore {
 public:
  FieldStore() = default;

  // Room for fields of `bytes` in total (names and values) and other texts kept by keep().
  void reserve(size_t bytes, size_t count) {
    arena_ = std::make_unique_for_overwrite<char[]>(bytes);
    capacity_ = bytes;
    used_ = 0;
    fields_.clear();
    fields_.reserve(count);
  }

  // A copy that lives as long as this store.
  std::string_view keep(std::string_view text) {
    WG_ASSERT(used_ + text.size() <= capacity_, "a field store was reserved too small");
    char* at = arena_.get() + used_;
    std::memcpy(at, text.data(), text.size());
    used_ += text.size();
    return {at, text.size()};
  }

  void add(const http::Field& field) {
    fields_.push_back({keep(field.name), keep(field.value), field.id});
  }

  // For names or values with static storage, and those kept before.
  void add_kept(std::string_view name, std::string_view value) { fields_.push_back({name, value}); }

  std::span<const http::Field> span() const { return fields_; }

 private:
  std::unique_ptr<char[]> arena_;
  size_t capacity_ = 0;
  size_t used_ = 0;
  std::vector<http::Field> fields_;
};

}  // namespace warmgate::gateway
