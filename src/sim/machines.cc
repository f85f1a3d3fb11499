#include "sim/machines.h"

#include <array>

namespace warmgate::sim {
namespace {

constexpr std::array<MachineType, 9> kMachineTypes = {{
    {.name = "e2-micro",
     .vcpus = 2,
     .sustained_vcpus = 0.25,
     .memory_gib = 1,
     .usd_per_hour = 0.008376},
    {.name = "e2-small",
     .vcpus = 2,
     .sustained_vcpus = 0.5,
     .memory_gib = 2,
     .usd_per_hour = 0.016753},
    {.name = "e2-medium",
     .vcpus = 2,
     .sustained_vcpus = 1,
     .memory_gib = 4,
     .usd_per_hour = 0.033506},
    {.name = "e2-standard-2",
     .vcpus = 2,
     .sustained_vcpus = 2,
     .memory_gib = 8,
     .usd_per_hour = 0.067011},
    {.name = "e2-standard-4",
     .vcpus = 4,
     .sustained_vcpus = 4,
     .memory_gib = 16,
     .usd_per_hour = 0.134023},
    {.name = "n2-standard-2",
     .vcpus = 2,
     .sustained_vcpus = 2,
     .memory_gib = 8,
     .usd_per_hour = 0.097118},
    {.name = "n2-standard-4",
     .vcpus = 4,
     .sustained_vcpus = 4,
     .memory_gib = 16,
     .usd_per_hour = 0.194236},
    {.name = "n2-standard-8",
     .vcpus = 8,
     .sustained_vcpus = 8,
     .memory_gib = 32,
     .usd_per_hour = 0.388472},
    {.name = "g2-standard-4",
     .vcpus = 4,
     .sustained_vcpus = 4,
     .memory_gib = 16,
     .gpu = true,
     .usd_per_hour = 0.70},
}};

}  // namespace

std::span<const MachineType> machine_types() {
  return kMachineTypes;
}

const MachineType* find_machine_type(std::string_view name) {
  for (const MachineType& type : kMachineTypes) {
    if (type.name == name) return &type;
  }
  return nullptr;
}

}  // namespace warmgate::sim
