// Reads back what a server has sent to a raw peer.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warmgate::test {

struct ResponseText {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
  std::vector<std::pair<std::string, std::string>> trailers;
  bool complete = false;
  bool keep_alive = true;

  // The first value of that field; empty when there is none.
  std::string field(std::string_view name) const;
};

// The responses in `text`, interim ones included, to requests with these methods (GET when there
// are more). What is no valid response adds one with status 0.
std::vector<ResponseText> read_responses(std::string_view text,
                                         std::vector<std::string_view> methods = {});

// "200 403!" : the status codes, with "!" behind an incomplete one and "0" for garbage.
std::string statuses(std::string_view text, std::vector<std::string_view> methods = {});

// A reproducible text in which a lost or doubled piece shows.
std::string pattern(size_t size);

std::string chunked(std::string_view body, size_t chunk, std::string_view trailers = "");

}  // namespace warmgate::test
