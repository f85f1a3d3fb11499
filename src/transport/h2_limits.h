// What one HTTP/2 connection may cost us. Beside these hold the limits of any connection: of heads,
// and of time.
//
// Memory.  Of one connection, at most: `held_bytes` + `connection_window` of request bodies that
//          nobody has asked for yet; `send_bytes` of responses, and one more piece of each stream;
//          one head; 4 KiB of names and values each way (HPACK); some 200 bytes for each of
//          kMaxQueuedFrames answers that the peer does not take.
#pragma once

#include <cstddef>
#include <cstdint>

namespace warmgate::transport {

// Leaky buckets: so many at once, and so many per second for as long as one likes.
struct H2FloodLimits {
  // Streams that the peer gives up before their end, or that end because it broke a rule. Each
  // costs a request without costing the peer an answer (CVE-2023-44487, CVE-2025-8671).
  uint32_t resets = 500;
  uint32_t resets_per_second = 50;
  // Frames that bring no request and no body: PING, SETTINGS, PRIORITY, empty DATA, unknown types,
  // and WINDOW_UPDATE beyond kFramesForWork for each frame of work done (CVE-2019-9511 to 9518).
  uint32_t idle_frames = 2'000;
  uint32_t idle_frames_per_second = 200;
};

struct H2Limits {
  uint32_t max_streams = 100;                // at a time
  uint32_t stream_window = 256 * 1024;       // that a peer may send ahead of us in one stream
  uint32_t connection_window = 1024 * 1024;  // ... in all of them
  size_t held_bytes = 1024 * 1024;  // of paused streams, before they hold up the connection
  size_t send_bytes = 1024 * 1024;  // buffered for all streams; then each waits for its own
  H2FloodLimits floods{};
};

}  // namespace warmgate::transport
