#include "http/connection_options.h"

#include <algorithm>

#include "base/text.h"
#include "http/bytes.h"

namespace warmgate::http {

ForwardFilter::ForwardFilter(const Fields& fields) {
  for (const Field& field : fields) {
    if (field.id == FieldName::connection) {
      note_options(field.value);
    } else if (field.id == FieldName::te) {
      for_each_element(field.value, [this](std::string_view coding) {
        if (equals_lower(coding, "trailers")) accepts_trailers_ = true;
      });
    }
  }
}

void ForwardFilter::note_options(std::string_view options) {
  for_each_element(options, [this](std::string_view option) {
    if (equals_lower(option, "close") || is_hop_by_hop(classify(option))) return;
    if (named_size_ < named_.size()) named_[named_size_++] = option;
  });
}

bool ForwardFilter::is_named(const Field& field) const {
  return std::any_of(named_.begin(), named_.begin() + named_size_, [&field](std::string_view name) {
    return equals_ignoring_case(field.name, name);
  });
}

}  // namespace warmgate::http
