// Any text is either refused with a reason, or gives a configuration that prints and loads again as
// the same one.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "config/loader.h"
#include "config/reference.h"
#include "config/router.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace warmgate::config;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Loaded loaded = load_text(text, "fuzz");
  loaded_json(loaded);
  if (!loaded.config) {
    WG_ASSERT(!loaded.error_text().empty(), "refused without a reason");
    return 0;
  }
  const std::string printed = resolved_yaml(*loaded.config);
  const Loaded again = load_text(printed, "printed");
  WG_ASSERT(again.config.has_value(), "what check prints does not load");
  WG_ASSERT(resolved_yaml(*again.config) == printed, "what check prints loads as something else");
  Router(*loaded.config).match("a.example", "/v2", [](std::string_view) { return std::nullopt; });
  return 0;
}
