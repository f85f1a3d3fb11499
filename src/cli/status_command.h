// `warmgate status`: what a running gateway says of itself.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "base/result.h"
#include "net/address.h"

namespace warmgate::cli {

inline constexpr int kExitNoAnswer = 69;  // nothing answers there, or something else does

// Adds the subcommand. When it was called, its exit status stands in `exit_status` after parsing.
void add_status_command(CLI::App& app, int& exit_status);

// What people type for an admin listener: "127.0.0.1:9901", ":9901", "localhost:9901", or its URL.
Result<net::Address> parse_admin_address(std::string text);

// The body of GET /status there; an Error in one clear sentence.
Result<std::string> fetch_status(const net::Address& admin);

}  // namespace warmgate::cli
