#include "model/onnx_signature.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/protobuf_reader.h"

namespace warmgate::model {
namespace {

// Field numbers from onnx.proto3; they never change, by the rules of Protocol Buffers.
namespace model_field {
constexpr uint32_t kModelVersion = 5, kGraph = 7;
}
namespace graph_field {
constexpr uint32_t kNode = 1, kInitializer = 5, kInput = 11, kOutput = 12;
}
namespace value_field {
constexpr uint32_t kName = 1, kType = 2;
}
namespace type_field {
constexpr uint32_t kTensor = 1;
}
namespace tensor_type_field {
constexpr uint32_t kElementType = 1, kShape = 2;
}
constexpr uint32_t kShapeDimension = 1;
constexpr uint32_t kDimensionValue = 1;
constexpr uint32_t kInitializerName = 8;
constexpr uint64_t kFloat = 1;  // TensorProto.DataType.FLOAT

struct Value {
  TensorSpec spec;
  uint64_t element_type = 0;
};

struct Graph {
  std::vector<Value> inputs;
  std::vector<Value> outputs;
  std::vector<std::string> initializers;  // files before IR version 4 list weights as inputs too
  bool has_nodes = false;
};

// Each reader below returns false when its message is malformed.

bool read_dimension(std::string_view message, int64_t& size) {
  ProtobufReader reader(message);
  size = -1;
  while (auto field = reader.next()) {
    if (field->number == kDimensionValue) size = static_cast<int64_t>(field->varint);
  }
  if (size <= 0) size = -1;
  return !reader.failed();
}

bool read_shape(std::string_view message, std::vector<int64_t>& shape) {
  ProtobufReader reader(message);
  while (auto field = reader.next()) {
    if (field->number != kShapeDimension) continue;
    if (!read_dimension(field->bytes, shape.emplace_back())) return false;
  }
  return !reader.failed();
}

bool read_tensor_type(std::string_view message, Value& value) {
  ProtobufReader reader(message);
  while (auto field = reader.next()) {
    if (field->number == tensor_type_field::kElementType) value.element_type = field->varint;
    if (field->number == tensor_type_field::kShape) {
      if (!read_shape(field->bytes, value.spec.shape)) return false;
    }
  }
  return !reader.failed();
}

bool read_type(std::string_view message, Value& value) {
  ProtobufReader reader(message);
  while (auto field = reader.next()) {
    if (field->number != type_field::kTensor) continue;
    if (!read_tensor_type(field->bytes, value)) return false;
  }
  return !reader.failed();
}

bool read_value(std::string_view message, Value& value) {
  ProtobufReader reader(message);
  while (auto field = reader.next()) {
    if (field->number == value_field::kName) value.spec.name = field->bytes;
    if (field->number == value_field::kType && !read_type(field->bytes, value)) return false;
  }
  return !reader.failed();
}

bool read_initializer_name(std::string_view message, std::string& name) {
  ProtobufReader reader(message);
  while (auto field = reader.next()) {
    if (field->number == kInitializerName) name = field->bytes;
  }
  return !reader.failed();
}

bool read_graph(std::string_view message, Graph& graph) {
  ProtobufReader reader(message);
  bool good = true;
  while (auto field = reader.next()) {
    switch (field->number) {
      case graph_field::kNode:
        graph.has_nodes = true;
        break;
      case graph_field::kInitializer:
        good &= read_initializer_name(field->bytes, graph.initializers.emplace_back());
        break;
      case graph_field::kInput:
        good &= read_value(field->bytes, graph.inputs.emplace_back());
        break;
      case graph_field::kOutput:
        good &= read_value(field->bytes, graph.outputs.emplace_back());
        break;
      default:
        break;
    }
  }
  return good && !reader.failed();
}

// The one value of `values` that can be served, or an error.
Result<TensorSpec> only(const std::vector<Value>& values, std::string_view what) {
  if (values.size() != 1) {
    return Error{"has " + std::to_string(values.size()) + " " + std::string(what) +
                 "s: give a model with exactly one"};
  }
  const Value& value = values.front();
  const std::string name = std::string(what) + " \"" + value.spec.name + "\"";
  if (value.element_type != kFloat) {
    return Error{"has an " + name + " that is not of 32-bit floats: export the model with float32"};
  }
  if (value.spec.shape.empty()) {
    return Error{"does not declare the shape of its " + name + ": export the model with shapes"};
  }
  return value.spec;
}

}  // namespace

Result<Signature> read_onnx_signature(std::string_view onnx) {
  Signature signature;
  Graph graph;
  ProtobufReader reader(onnx);
  bool good = true;
  while (auto field = reader.next()) {
    if (field->number == model_field::kGraph) good &= read_graph(field->bytes, graph);
    if (field->number == model_field::kModelVersion) {
      signature.version = static_cast<int64_t>(field->varint);
    }
  }
  if (!good || reader.failed() || !graph.has_nodes) {
    return Error{"is not an ONNX model, or is cut short: give a complete .onnx file"};
  }
  std::erase_if(graph.inputs, [&](const Value& value) {
    return std::find(graph.initializers.begin(), graph.initializers.end(), value.spec.name) !=
           graph.initializers.end();
  });
  Result<TensorSpec> input = only(graph.inputs, "input");
  if (!input) return input.error();
  Result<TensorSpec> output = only(graph.outputs, "output");
  if (!output) return output.error();
  signature.input = std::move(*input);
  signature.output = std::move(*output);
  return signature;
}

}  // namespace warmgate::model
