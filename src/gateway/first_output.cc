#include "gateway/first_output.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace warmgate::gateway {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kAnnouncements[] = {"ping",
                                               "message_start",
                                               "content_block_start",
                                               "response.created",
                                               "response.queued",
                                               "response.in_progress",
                                               "response.output_item.added",
                                               "response.content_part.added"};

bool says_nothing(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>().empty();
  return value.is_null() || value.empty();  // null, [] and {}; a number or a boolean is not empty
}

bool is_set(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && !says_nothing(*found);
}

// Of a chat: who speaks, and nothing said yet.
bool delta_says_nothing(const Json& delta) {
  if (!delta.is_object()) return says_nothing(delta);
  return std::all_of(delta.items().begin(), delta.items().end(), [](const auto& item) {
    return item.key() == "role" || says_nothing(item.value());
  });
}

bool choice_says_nothing(const Json& choice) {
  if (!choice.is_object() || is_set(choice, "finish_reason")) return false;
  const auto delta = choice.find("delta");
  if (delta != choice.end()) return delta_says_nothing(*delta) && !is_set(choice, "text");
  return choice.contains("text") && !is_set(choice, "text");
}

}  // namespace

bool is_real_output(std::string_view data) {
  const Json event = Json::parse(data, nullptr, false);
  if (!event.is_object()) return true;
  const auto type = event.find("type");
  if (type != event.end() && type->is_string()) {
    const std::string_view name = type->get_ref<const std::string&>();
    return std::find(std::begin(kAnnouncements), std::end(kAnnouncements), name) ==
           std::end(kAnnouncements);
  }
  const auto choices = event.find("choices");
  if (choices == event.end() || !choices->is_array() || is_set(event, "error")) return true;
  return !std::all_of(choices->begin(), choices->end(), choice_says_nothing);
}

}  // namespace warmgate::gateway
