// The status page: one self-contained HTML document, built in from status_page.html.
#pragma once

#include <string_view>

namespace warmgate::admin {

std::string_view status_page();

}  // namespace warmgate::admin
