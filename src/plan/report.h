#pragma once
#include <atomic>
#include <string>
#include "plan/search.h"
namespace warmgate::plan {
std::string report_page(const Setup& setup, const Plan& plan, const std::atomic<bool>& stop);
}
