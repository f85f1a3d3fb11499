// parse_infer_request(): see protocol.h.
#include <algorithm>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>

#include "model/protocol.h"

namespace warmgate::model {
namespace {

using Json = nlohmann::json;

// Caller's text inside a message: quoted, valid UTF-8, and not longer than a person reads.
std::string quote(std::string_view text) {
  return Json(text.substr(0, 60)).dump(-1, ' ', false, Json::error_handler_t::replace);
}

Refusal bad(std::string message) {
  return {400, std::move(message)};
}
Refusal too_large(std::string message) {
  return {413, std::move(message)};
}

// What stands at `key` of an object, or nullptr.
const Json* find(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

int64_t product(const std::vector<int64_t>& sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), int64_t{1}, std::multiplies<>());
}

// How many JSON values (arrays count too) the largest acceptable request has.
int64_t max_json_values(const std::vector<int64_t>& shape, const Limits& limits) {
  constexpr int64_t kOtherValues = 1000;  // names, shape, parameters and the like
  const auto in_body = static_cast<int64_t>(limits.max_body_bytes);
  std::vector<int64_t> largest = shape;
  largest.front() = limits.max_batch;
  if (std::count(largest.begin(), largest.end(), -1) > 0) return in_body;  // no better bound
  const auto levels = static_cast<int64_t>(shape.size());  // nesting adds at most as much per level
  return std::min(in_body, product(largest) * levels + kOtherValues);
}

// Parses the JSON while it counts, so that a small body cannot become a large document in memory.
std::variant<Json, Refusal> parse_json(std::string_view body, const Limits& limits,
                                       int64_t max_values) {
  bool too_deep = false;
  int64_t values = 0;
  const auto watch = [&](int depth, Json::parse_event_t event, Json&) {
    using Event = Json::parse_event_t;
    if (event == Event::object_start || event == Event::array_start) {
      too_deep |= depth >= limits.max_json_depth;
      return !too_deep && ++values <= max_values;  // false: not kept
    }
    return event != Event::value || ++values <= max_values;
  };
  Json document;
  std::optional<Refusal> malformed;
  try {
    document = Json::parse(body, watch);
  } catch (const Json::parse_error& failure) {
    malformed = bad("The body is not valid JSON at byte " + std::to_string(failure.byte) +
                    ": send an Open Inference Protocol request.");
  } catch (const Json::out_of_range&) {
    malformed = bad("The body has a number that is too large: send FP32 values.");
  }
  if (too_deep) {
    return bad("The JSON is nested deeper than " + std::to_string(limits.max_json_depth) +
               " levels: send \"data\" flat.");
  }
  if (values > max_values) {
    return too_large("The body has more values than the largest batch of " +
                     std::to_string(limits.max_batch) + " items: send smaller batches.");
  }
  if (malformed) return std::move(*malformed);
  return document;
}

// Reads "data", flat or nested like the shape, into floats.
class DataReader {
 public:
  explicit DataReader(Tensor& tensor) : tensor_(tensor) {}

  std::optional<Refusal> read(const Json& data) {
    if (!data.is_array()) return bad("\"data\" must be an array of numbers.");
    const int64_t expected = product(tensor_.shape);
    const bool nested = tensor_.shape.size() > 1 && !data.empty() && data.front().is_array();
    if (auto refusal = nested ? append_nested(data, 0) : append_flat(data)) return refusal;
    const auto count = static_cast<int64_t>(tensor_.data.size());
    if (count == expected) return std::nullopt;
    return bad("\"data\" has " + std::to_string(count) + " values where the shape " +
               format_shape(tensor_.shape) + " needs " + std::to_string(expected) + ".");
  }

 private:
  std::optional<Refusal> append_flat(const Json& array) {
    for (const Json& item : array) {
      if (!item.is_number()) {
        return bad("\"data\" has " + article(item) + " at position " +
                   std::to_string(tensor_.data.size()) + ": FP32 needs numbers.");
      }
      const auto value = static_cast<float>(item.get<double>());
      if (!std::isfinite(value)) {
        return bad("\"data\" has a number outside the range of FP32 at position " +
                   std::to_string(tensor_.data.size()) + ".");
      }
      tensor_.data.push_back(value);
    }
    return std::nullopt;
  }

  std::optional<Refusal> append_nested(const Json& array, size_t level) {
    if (!array.is_array() || static_cast<int64_t>(array.size()) != tensor_.shape[level]) {
      return bad("The nesting of \"data\" does not match the shape " + format_shape(tensor_.shape) +
                 ": send it flat or nested exactly so.");
    }
    if (level + 1 == tensor_.shape.size()) return append_flat(array);
    for (const Json& item : array) {
      if (auto refusal = append_nested(item, level + 1)) return refusal;
    }
    return std::nullopt;
  }

  static std::string article(const Json& item) {
    const std::string type = item.type_name();
    return (type == "array" || type == "object" ? "an " : "a ") + type;
  }

  Tensor& tensor_;
};

// The first dimension up to max_batch, the others as declared.
std::optional<Refusal> read_shape(const Json& input, const TensorSpec& spec, const Limits& limits,
                                  std::vector<int64_t>& shape) {
  const Json* given = find(input, "shape");
  const std::string expected = " " + format_shape(spec.shape) + " (-1 is any size)";
  if (!given || !given->is_array()) {
    return bad("The input " + quote(spec.name) + " needs a \"shape\":" + expected + ".");
  }
  bool fits = given->size() == spec.shape.size();
  uint64_t elements = 1;  // no more than bytes in the body, so that products cannot overflow
  for (size_t i = 0; fits && i < given->size(); ++i) {
    const Json& item = (*given)[i];
    const uint64_t size = item.is_number_unsigned() ? item.get<uint64_t>() : 0;
    fits = size > 0 && size <= limits.max_body_bytes &&
           (elements *= size) <= limits.max_body_bytes &&
           (spec.shape[i] == -1 || static_cast<int64_t>(size) == spec.shape[i]);
    if (fits) shape.push_back(static_cast<int64_t>(size));
  }
  if (!fits) {
    return bad("The shape of input " + quote(spec.name) + " must be" + expected + ".");
  }
  if (shape.front() > limits.max_batch) {
    return too_large("A batch of " + std::to_string(shape.front()) + " exceeds the limit of " +
                     std::to_string(limits.max_batch) + " items: send smaller batches.");
  }
  return std::nullopt;
}

std::optional<Refusal> read_input(const Json& document, const TensorSpec& spec,
                                  const Limits& limits, Tensor& tensor) {
  const std::string expected = "one tensor named " + quote(spec.name) + ", datatype " +
                               std::string(kDatatype) + ", shape " + format_shape(spec.shape);
  const Json* inputs = find(document, "inputs");
  if (!inputs || !inputs->is_array() || inputs->size() != 1 || !inputs->front().is_object()) {
    return bad("\"inputs\" must be an array of " + expected + ".");
  }
  const Json& input = inputs->front();
  const Json* name = find(input, "name");
  if (!name || *name != spec.name) {
    const std::string given = name && name->is_string() ? quote(name->get_ref<const std::string&>())
                                                        : "an input without a name";
    return bad("This model does not take " + given + ": \"inputs\" must be " + expected + ".");
  }
  const Json* datatype = find(input, "datatype");
  if (!datatype || *datatype != std::string(kDatatype)) {
    return bad("The datatype of input " + quote(spec.name) + " must be \"" +
               std::string(kDatatype) + "\".");
  }
  if (auto refusal = read_shape(input, spec, limits, tensor.shape)) return refusal;
  const Json* data = find(input, "data");
  if (!data) return bad("The input " + quote(spec.name) + " has no \"data\".");
  return DataReader(tensor).read(*data);
}

// "outputs" may select what to return; with one output there is nothing else to choose.
std::optional<Refusal> check_outputs(const Json& document, const TensorSpec& spec) {
  const Json* outputs = find(document, "outputs");
  if (!outputs) return std::nullopt;
  const auto known = [&](const Json& output) {
    const Json* name = output.is_object() ? find(output, "name") : nullptr;
    return name && *name == spec.name;
  };
  if (outputs->is_array() && std::all_of(outputs->begin(), outputs->end(), known)) {
    return std::nullopt;
  }
  return bad("\"outputs\" may only name this model's output: [{\"name\":" + quote(spec.name) +
             "}].");
}

}  // namespace

std::variant<InferRequest, Refusal> parse_infer_request(std::string_view body,
                                                        const Signature& signature,
                                                        const Limits& limits) {
  if (body.size() > limits.max_body_bytes) {
    return too_large("The body exceeds " + std::to_string(limits.max_body_bytes) + " bytes.");
  }
  auto parsed = parse_json(body, limits, max_json_values(signature.input.shape, limits));
  if (auto* refusal = std::get_if<Refusal>(&parsed)) return std::move(*refusal);
  const Json& document = std::get<Json>(parsed);
  if (!document.is_object()) return bad("The body must be a JSON object with \"inputs\".");

  InferRequest request;
  if (const Json* id = find(document, "id")) {
    if (!id->is_string()) return bad("\"id\" must be a string.");
    request.id = id->get<std::string>();
    if (request.id.size() > limits.max_id_bytes) {
      return bad("\"id\" exceeds " + std::to_string(limits.max_id_bytes) + " bytes.");
    }
  }
  if (auto refusal = check_outputs(document, signature.output)) return std::move(*refusal);
  if (auto refusal = read_input(document, signature.input, limits, request.input)) {
    return std::move(*refusal);
  }
  return request;
}

}  // namespace warmgate::model
