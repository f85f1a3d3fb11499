// EchoApplication: a small streaming application with honest flow control. The target says what it
// does with a request:
//
//   /echo         the body back as it comes, in the framing it came in, trailers included
//   /hello        "hello" at once
//   /big/N        N bytes of pattern(), chunked
//   /sized/N      N bytes of pattern(), with a length
//   /lump/N       the same in one piece, without regard to what is buffered
//   /until-close  "all there is", ended by the connection's end
//   /fields       the request's fields, one in a line
//   /ignore       403 at once, the body unread
//   /interim      103, then "hello"
//   /empty        204
//   /wait         nothing, until answer_waiting()
//   /read         reads the body and answers with its size
//   /early        answers with the first piece of the body
//   /abort        a half response, then an abort
//   /stuck        reads nothing and answers nothing
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "transport/server.h"

namespace warmgate::test {

class EchoApplication final : public transport::Application {
 public:
  EchoApplication();
  ~EchoApplication() override;

  void on_request(const http::RequestHead& head,
                  transport::ServerTransaction& transaction) override;

  void answer_waiting();
  size_t open() const { return exchanges_.size(); }

  std::vector<std::string> requests;  // "GET /hello"
  int gone = 0;                       // on_gone() calls
  int ended = 0;                      // on_request_end() calls
  size_t body_bytes = 0;              // of requests

 private:
  class Exchange;
  void forget(Exchange* exchange);

  std::map<Exchange*, std::unique_ptr<Exchange>> exchanges_;
};

}  // namespace warmgate::test
