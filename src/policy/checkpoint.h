// Checkpoints: all members of a value as bytes, and back. With the same members a policy goes on
// bit for bit as the original would have.
//
// Model.   One walk for both ways, so that writing and reading cannot disagree: aggregates by
//          themselves, classes by their visit() (base/fields.h), which must name every member.
//          Pointers are for the length of a call only and are not kept. What was read is checked:
//          flags and enumerations by their range, numbers for being finite, and what holds indices
//          by a sound() of its own; a broken checkpoint is refused, not followed.
// Units.   Numbers as they are in memory, little-endian; counts in 8 bytes.
// Bounds.  A checkpoint is about 20 KiB and 150 bytes for each request that is held. Reading
//          allocates no more than what the bytes can fill.
//
// A new member of a policy class: add it to the class's visit(), in the order of declaration. An
// enumeration among the members needs a last_value() beside it.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/fields.h"
#include "base/time.h"

namespace warmgate::policy {

static_assert(std::endian::native == std::endian::little, "checkpoints are little-endian");

class CheckpointWriter {
 public:
  static constexpr bool kReads = false;

  explicit CheckpointWriter(std::string& out) : out_(out) {}

  void bytes(void* data, size_t size) { out_.append(static_cast<const char*>(data), size); }
  size_t count(size_t count) {
    uint64_t value = count;
    bytes(&value, sizeof(value));
    return count;
  }
  void require(bool) {}
  bool ok() const { return true; }

 private:
  std::string& out_;
};

class CheckpointReader {
 public:
  static constexpr bool kReads = true;

  explicit CheckpointReader(std::string_view in) : in_(in) {}

  void bytes(void* data, size_t size) {
    require(size <= in_.size());
    if (!ok_ || size == 0) return;
    std::memcpy(data, in_.data(), size);
    in_.remove_prefix(size);
  }
  // Of things that take at least a byte each.
  size_t count(size_t) {
    uint64_t value = 0;
    bytes(&value, sizeof(value));
    require(value <= in_.size());
    return ok_ ? value : 0;
  }
  void require(bool holds) { ok_ = ok_ && holds; }
  bool ok() const { return ok_; }
  bool complete() const { return ok_ && in_.empty(); }

 private:
  std::string_view in_;
  bool ok_ = true;
};

namespace checkpoint {

template <class T>
inline constexpr bool kIsVector = false;
template <class T>
inline constexpr bool kIsVector<std::vector<T>> = true;
template <class T>
inline constexpr bool kIsArray = std::is_array_v<T>;
template <class T, size_t kSize>
inline constexpr bool kIsArray<std::array<T, kSize>> = true;
template <class T>
inline constexpr bool kIsNumber = std::is_arithmetic_v<T> && !std::is_same_v<T, bool>;
template <class T>
inline constexpr bool kIsTime = std::is_same_v<T, Duration> || std::is_same_v<T, Instant>;

}  // namespace checkpoint

template <class Archive, class T>
void pass(Archive& archive, T& value);

namespace checkpoint {

template <class Archive, class T>
void pass_number(Archive& archive, T& value) {
  archive.bytes(&value, sizeof(value));
  if constexpr (Archive::kReads && std::is_floating_point_v<T>) {
    archive.require(std::isfinite(value));
  }
}

// A flag or an enumeration with a byte that is none of its values must not come to be.
template <class Archive, class T>
void pass_choice(Archive& archive, T& value) {
  static_assert(sizeof(T) == 1);
  auto byte = static_cast<uint8_t>(value);
  archive.bytes(&byte, 1);
  if constexpr (std::is_enum_v<T>) {
    archive.require(byte <= static_cast<uint8_t>(last_value(T{})));
  } else {
    archive.require(byte <= 1);
  }
  if (Archive::kReads && archive.ok()) value = static_cast<T>(byte);
}

template <class Archive, class Range>
void pass_each(Archive& archive, Range& range) {
  using Element = std::remove_reference_t<decltype(*std::begin(range))>;
  if constexpr (kIsNumber<Element> && !std::is_floating_point_v<Element>) {
    archive.bytes(std::data(range), std::size(range) * sizeof(Element));
  } else {
    for (Element& element : range) pass(archive, element);
  }
}

// A count of elements is read before there is room for them: never more than the bytes that follow.
template <class Archive, class T>
void pass_vector(Archive& archive, std::vector<T>& values) {
  const size_t count = archive.count(values.size());
  if constexpr (Archive::kReads) {
    values.clear();
    values.resize(count);
  }
  pass_each(archive, values);
}

}  // namespace checkpoint

// Writes the value, or reads it; the archive's ok() says whether that went well. A value whose
// reading failed may be destroyed, and nothing else.
template <class Archive, class T>
void pass(Archive& archive, T& value) {
  if constexpr (std::is_pointer_v<T>) {
    if (Archive::kReads) value = nullptr;
  } else if constexpr (checkpoint::kIsNumber<T>) {
    checkpoint::pass_number(archive, value);
  } else if constexpr (std::is_same_v<T, bool> || std::is_enum_v<T>) {
    checkpoint::pass_choice(archive, value);
  } else if constexpr (checkpoint::kIsTime<T>) {
    archive.bytes(&value, sizeof(value));
  } else if constexpr (checkpoint::kIsVector<T>) {
    checkpoint::pass_vector(archive, value);
  } else if constexpr (checkpoint::kIsArray<T>) {
    checkpoint::pass_each(archive, value);
  } else if constexpr (requires { value.archive(archive); }) {
    value.archive(archive);
  } else {
    static_assert(all_named<T>(), "visit() names all members, in the order of their declaration");
    visit_members(value, [&](auto&... members) { (pass(archive, members), ...); });
  }
  if constexpr (Archive::kReads && requires { value.sound(); }) {
    if (archive.ok()) archive.require(value.sound());
  }
}

// A number that differs when the members of a type do, in kind, number or order: what a checkpoint
// of another version of the program is told by.
template <class T>
constexpr uint64_t layout();

namespace checkpoint {

constexpr uint64_t mix(uint64_t hash, uint64_t value) {
  return (hash ^ value) * 0x100000001b3ull;
}

template <class... Types>
constexpr uint64_t layout_of(TypeList<Types...>) {
  uint64_t hash = 0xcbf29ce484222325ull;
  ((hash = mix(hash, layout<Types>())), ...);
  return mix(hash, sizeof...(Types));
}

template <class T>
struct Held;  // of a container that archives itself
template <template <class, class> class Map, class Key, class T>
struct Held<Map<Key, T>> {
  using type = T;
};

}  // namespace checkpoint

template <class T>
constexpr uint64_t layout() {
  using checkpoint::mix;
  if constexpr (std::is_pointer_v<T>) {
    return 1;
  } else if constexpr (checkpoint::kIsNumber<T>) {
    return mix(2 + std::is_floating_point_v<T>, sizeof(T));
  } else if constexpr (std::is_enum_v<T>) {
    return mix(4, static_cast<uint64_t>(last_value(T{})));
  } else if constexpr (std::is_same_v<T, bool> || checkpoint::kIsTime<T>) {
    return mix(5, sizeof(T));
  } else if constexpr (checkpoint::kIsVector<T>) {
    return mix(6, layout<typename T::value_type>());
  } else if constexpr (checkpoint::kIsArray<T>) {
    using Element = std::remove_reference_t<decltype(*std::begin(std::declval<T&>()))>;
    return mix(mix(7, sizeof(T)), layout<Element>());
  } else if constexpr (requires(T & value, CheckpointWriter & out) { value.archive(out); }) {
    return mix(8, layout<typename checkpoint::Held<T>::type>());
  } else {
    return mix(9, checkpoint::layout_of(MemberTypes<T>{}));
  }
}

}  // namespace warmgate::policy
