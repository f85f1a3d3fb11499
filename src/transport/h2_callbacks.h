// What nghttp2 is told about us, and what it tells an H2Session. Internal to the H2 files.
#pragma once

#include "http/head_parser.h"
#include "transport/h2_limits.h"

struct nghttp2_session;

namespace warmgate::transport {

class H2Session;

nghttp2_session* make_h2_session(H2Session& session, bool server);

// Our first SETTINGS, and the connection's window.
void submit_h2_settings(nghttp2_session* session, const H2Limits& limits,
                        const http::HeadLimits& head, bool server);

}  // namespace warmgate::transport
