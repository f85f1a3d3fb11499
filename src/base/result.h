// Result<T>: a value, or an Error that a person can act on. For expected failures of peers, files
// and configuration; broken invariants of our own use WG_ASSERT instead.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "base/assert.h"

namespace warmgate {

struct Error {
  std::string message;  // one sentence: what failed, with what value, and what to do
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() {
    WG_ASSERT(ok(), "value() of a failed Result");
    return *std::get_if<0>(&state_);
  }
  const T& value() const {
    WG_ASSERT(ok(), "value() of a failed Result");
    return *std::get_if<0>(&state_);
  }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const {
    WG_ASSERT(!ok(), "error() of a successful Result");
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

using Status = Result<std::monostate>;
inline Status success() {
  return std::monostate{};
}

}  // namespace warmgate
