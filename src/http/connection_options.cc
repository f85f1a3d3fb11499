#include "http/connection_options.h"

#include "base/text.h"
#include "http/bytes.h"

namespace warmgate::http {
namespace {

// Is there an element, in the lists that the fields of this name hold, that satisfies `condition`?
template <class Condition>
bool any_element(const Fields& fields, FieldName name, Condition condition) {
  bool found = false;
  for (const Field& field : fields) {
    if (field.id != name) continue;
    for_each_element(field.value, [&](std::string_view element) { found |= condition(element); });
  }
  return found;
}

// "close" is said of the connection; what is hop-by-hop anyway need not be named.
bool names_a_field(std::string_view option) {
  return !equals_lower(option, "close") && !is_hop_by_hop(classify(option));
}

}  // namespace

bool ForwardFilter::names_some() const {
  return any_element(fields_, FieldName::connection, names_a_field);
}

bool ForwardFilter::is_named(const Field& field) const {
  return any_element(fields_, FieldName::connection, [&field](std::string_view option) {
    return equals_ignoring_case(option, field.name) && names_a_field(option);
  });
}

bool ForwardFilter::accepts_trailers() const {
  return fields_.has(FieldName::te) &&
         any_element(fields_, FieldName::te,
                     [](std::string_view coding) { return equals_lower(coding, "trailers"); });
}

}  // namespace warmgate::http
