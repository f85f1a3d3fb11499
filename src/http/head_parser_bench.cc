// What a head costs. For instruction counts:
//   valgrind --tool=callgrind --toggle-collect='*HeadParser::parse_request*'
//       head_parser_bench --benchmark_filter=Request/0
#include <benchmark/benchmark.h>

#include <string>

#include "http/connection_options.h"
#include "http/head_parser.h"
#include "http/writer.h"

namespace warmgate::http {
namespace {

// 8 fields, 287 bytes: what a client library sends to an inference server.
const std::string kInference =
    "POST /v2/models/digits/infer HTTP/1.1\r\nHost: infer.example.com\r\n"
    "User-Agent: python-requests/2.31\r\nAccept: application/json\r\n"
    "Accept-Encoding: gzip, deflate\r\nContent-Type: application/json\r\nContent-Length: 800\r\n"
    "Connection: keep-alive\r\nX-Request-Id: 8f2c1a90-52b7-4e2e-9a59-2d1b4a7e1f00\r\n\r\n";
const std::string kSmall = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n";

const std::string& request(int64_t which) {
  return which == 0 ? kInference : kSmall;
}

void Request(benchmark::State& state) {
  const std::string& text = request(state.range(0));
  HeadParser parser;
  RequestHead head;
  for (auto _ : state) {
    parser.reset();
    benchmark::DoNotOptimize(parser.parse_request(text, head));
  }
  state.SetBytesProcessed(static_cast<int64_t>(text.size()) * state.iterations());
}
BENCHMARK(Request)->Arg(0)->Arg(1);

void Response(benchmark::State& state) {
  const std::string text =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 150\r\n"
      "warmgate-instance: digits-7f3a;age=12.5;served=41\r\n\r\n";
  HeadParser parser;
  ResponseHead head;
  for (auto _ : state) {
    parser.reset();
    benchmark::DoNotOptimize(parser.parse_response(text, Method::post, head));
  }
  state.SetBytesProcessed(static_cast<int64_t>(text.size()) * state.iterations());
}
BENCHMARK(Response);

void ForwardRequest(benchmark::State& state) {
  HeadParser parser;
  RequestHead head;
  parser.parse_request(kInference, head);
  std::string out;
  for (auto _ : state) {
    Fields kept;
    const ForwardFilter filter(head.fields);
    for (const Field& field : head.fields) {
      if (field.id != FieldName::host && filter.forwards(field)) kept.push(field);
    }
    out.clear();
    append_request_head(out, head.method_text, head.target, head.authority, kept.span(),
                        BodyLength::of(800), true);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(ForwardRequest);

}  // namespace
}  // namespace warmgate::http

BENCHMARK_MAIN();
