// Events and actions as one line of text, for people who look for the first difference.
#pragma once

#include <string>

#include "policy/events.h"

namespace warmgate::recording {

std::string describe(const policy::Event& event);
std::string describe(const policy::Action& action);

}  // namespace warmgate::recording
