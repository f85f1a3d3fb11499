// Codecs of texts that have a form: names, paths, hosts, addresses.
#pragma once

#include <string>
#include <vector>

#include "config/codec.h"
#include "config/config.h"

namespace warmgate::config {

CodecPtr<std::string> service_name();
CodecPtr<std::string> model_name();    // printable ASCII
CodecPtr<std::string> path_prefix();   // "/v2": no query
CodecPtr<std::string> request_path();  // "/ping?full=1": what follows the address in a request
CodecPtr<std::string> file_name();     // empty = none
CodecPtr<std::string> tls_name();      // that a certificate is for; empty = that of the URL
CodecPtr<std::string> host_pattern();  // "a.example", "*.example", "[::1]"; read as lower case
CodecPtr<std::string> cron_line();     // five fields; what they say is checked later
CodecPtr<std::string> zone_name();     // "Europe/Berlin"; that it exists is checked later
CodecPtr<std::string> field_name();    // of HTTP; read as lower case
CodecPtr<std::string> authority();     // value of a Host field; empty = that of the URL
CodecPtr<std::string> backend_url();   // its form is checked when the Backend is complete
CodecPtr<ListenAddress> listen_address();
CodecPtr<ListenAddress> admin_address();  // without TLS

// A map of field names to values, such as {x-model: digits}.
CodecPtr<std::vector<HeaderMatch>> header_matches();

}  // namespace warmgate::config
