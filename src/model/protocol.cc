#include "model/protocol.h"

#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

namespace warmgate::model {
namespace {

using Json = nlohmann::ordered_json;

// Text from outside may not be UTF-8; an answer always is.
std::string dump(const Json& document) {
  return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json tensor_metadata(const TensorSpec& spec) {
  return {{"name", spec.name}, {"datatype", kDatatype}, {"shape", spec.shape}};
}

// The shortest text that reads back as the same float; a double's text would be twice as long.
void append_float(std::string& text, float value) {
  std::array<char, 24> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  text.append(buffer.data(), end);
}

}  // namespace

std::string format_shape(const std::vector<int64_t>& shape) {
  return Json(shape).dump();
}

std::string render_infer_response(const ModelIdentity& model, std::string_view id,
                                  const Tensor& output) {
  Json head = {{"model_name", model.name}, {"model_version", model.version()}};
  if (!id.empty()) head["id"] = id;
  const Json tensor = {
      {"name", model.signature.output.name}, {"datatype", kDatatype}, {"shape", output.shape}};
  std::string text = dump(head);
  text.back() = ',';
  text += "\"outputs\":[" + dump(tensor);
  text.back() = ',';
  text += "\"data\":[";
  for (float value : output.data) {
    append_float(text, value);
    text += ',';
  }
  if (text.back() == ',') text.pop_back();
  return text += "]}]}";
}

std::string render_model_metadata(const ModelIdentity& model) {
  return dump({{"name", model.name},
               {"versions", Json::array({model.version()})},
               {"platform", "onnx"},
               {"inputs", Json::array({tensor_metadata(model.signature.input)})},
               {"outputs", Json::array({tensor_metadata(model.signature.output)})}});
}

std::string render_model_ready(const ModelIdentity& model) {
  return dump({{"name", model.name}, {"ready", true}});
}

std::string render_server_metadata(std::string_view server_version) {
  return dump(
      {{"name", "warmgate-model"}, {"version", server_version}, {"extensions", Json::array()}});
}

std::string render_error(std::string_view message) {
  return dump({{"error", message}});
}

}  // namespace warmgate::model
