// The page of a report with {{NAMES}} to be replaced, built in from report.html.
#pragma once

#include <string_view>

namespace warmgate::plan {

std::string_view report_template();

}  // namespace warmgate::plan
