#include "plan/size.h"

#include <algorithm>
#include <cmath>
#include <queue>

#include "base/text.h"
#include "sim/figures.h"

namespace warmgate::plan {
namespace {

constexpr std::string_view kSlot = "slot";
constexpr std::string_view kReference = "e2-standard-2";

uint32_t usual_slots(const sim::MachineType& type) {
  return std::max(1u, static_cast<uint32_t>(type.sustained_vcpus));
}

// One machine with that many vCPUs, each at the price of one of the reference type.
Size of_slots(uint32_t slots) {
  const sim::MachineType& reference = *sim::find_machine_type(kReference);
  sim::MachineType machine = reference;
  const double share = slots / reference.vcpus;
  machine.name = kSlot;
  machine.vcpus = machine.sustained_vcpus = slots;
  machine.memory_gib = reference.memory_gib * share;
  machine.usd_per_hour = reference.usd_per_hour * share;
  return {machine, 1, slots};
}

Error unknown_type(std::string_view name) {
  std::vector<std::string_view> names;
  std::string list;
  for (const sim::MachineType& type : sim::machine_types()) {
    names.push_back(type.name);
    list += (list.empty() ? "" : ", ") + std::string(type.name);
  }
  const auto near = nearest(name, names);
  const std::string hint =
      near.empty() ? "known are " + list : "did you mean \"" + std::string(near) + "\"?";
  return Error{"the machine type \"" + std::string(name) + "\" is not known: " + hint};
}

}  // namespace

double Size::usd_per_month() const {
  return machines * machine.usd_per_hour * to_seconds(sim::kMonth) / 3600;
}

bool Size::scales() const {
  return machine.name == kSlot;
}

std::string Size::text() const {
  if (machines == 0) return "none";
  if (scales()) return std::to_string(slots) + (slots == 1 ? " slot" : " slots");
  return std::string(machine.name) + " x " + std::to_string(machines);
}

Result<Size> parse_size(std::string_view text, uint32_t slots) {
  const size_t star = text.find('*');
  const std::string_view count_text =
      trim(star == std::string_view::npos ? text : text.substr(star + 1));
  const auto count = parse_uint(count_text);
  if (star == std::string_view::npos && !count && !sim::find_machine_type(text)) {
    if (text.find_first_of("0123456789") == 0 || text.empty()) {
      return Error{"the always-on size \"" + std::string(text) +
                   "\" is not understood: write a number of slots, such as 4, or machines, such as "
                   "e2-standard-2*3"};
    }
    return unknown_type(text);
  }
  const uint64_t machines = count.value_or(star == std::string_view::npos ? 1 : 0);
  if (machines < 1 || machines > kMostMachines) {
    return Error{"the always-on size \"" + std::string(text) + "\" must be from 1 to " +
                 std::to_string(kMostMachines)};
  }
  if (star == std::string_view::npos && count) return of_slots(static_cast<uint32_t>(machines));
  const std::string_view name = trim(text.substr(0, star));
  const sim::MachineType* type = sim::find_machine_type(name);
  if (type == nullptr) return unknown_type(name);
  return Size{*type, static_cast<uint16_t>(machines), slots > 0 ? slots : usual_slots(*type)};
}

uint32_t greatest_concurrency(const workload::Workload& workload) {
  std::priority_queue<Duration, std::vector<Duration>, std::greater<>> ends;
  size_t greatest = 0;
  for (const workload::Request& request : workload) {
    while (!ends.empty() && ends.top() <= request.at) ends.pop();
    ends.push(request.at + request.service);
    greatest = std::max(greatest, ends.size());
  }
  return static_cast<uint32_t>(greatest);
}

std::vector<Size> sizes_for(const workload::Workload& workload, uint32_t slots) {
  const uint32_t most = std::max(1u, greatest_concurrency(workload));
  std::vector<Size> all;
  const auto add = [&](std::string_view name, uint16_t machines) {
    const sim::MachineType& type = *sim::find_machine_type(name);
    all.push_back({type, machines, slots > 0 ? slots : usual_slots(type)});
  };
  for (const char* name : {"e2-micro", "e2-small", "e2-medium"}) add(name, 1);
  // Of the types with whole vCPUs the e2 ones are the cheapest, and all have one price per vCPU.
  for (uint32_t machines = 1; machines <= kMostMachines;) {
    add(kReference, static_cast<uint16_t>(machines));
    if (all.back().all_slots() >= most) break;
    const uint32_t step = machines < 4 ? 1 : machines < 8 ? 2 : machines < 16 ? 4 : machines / 4;
    machines += step;
  }
  return all;
}

}  // namespace warmgate::plan
