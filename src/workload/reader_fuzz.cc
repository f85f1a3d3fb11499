// Any text is either refused with a sentence, or gives a workload that is in order and whose
// requests all have a service time. The first byte chooses options.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "workload/reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace warmgate;
  using namespace warmgate::workload;
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
  ReadOptions options;
  if ((data[0] & 1) != 0) options.service = TimeDraw::exponential(1s);
  if ((data[0] & 2) != 0) options.service_columns = ColumnSum{.terms = {{"x", 0.5}}, .constant = 1};
  if ((data[0] & 4) != 0) options.spacing = Spacing::even;
  if ((data[0] & 8) != 0) options.format = static_cast<Format>((data[0] >> 4) % 4);
  if (options.service && options.service_columns) options.service.reset();
  parse_column_sum(text).ok();
  parse_time_draw(text).ok();
  options.max_requests = 10'000;  // a bin of a thousand million requests is no fault, only slow
  const auto recorded = read_workload_text(text, options);
  if (!recorded) {
    WG_ASSERT(!recorded.error().message.empty(), "refused without a reason");
    return 0;
  }
  WG_ASSERT(!recorded->workload.empty(), "an empty workload is an error");
  Duration before{};
  for (const Request& request : recorded->workload) {
    WG_ASSERT(request.at >= before && request.service > 0s, "in order, with a service time");
    before = request.at;
  }
  return 0;
}
