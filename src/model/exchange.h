// Exchange: one HTTP request and its response, between a transport transaction and the service.
//
// Phases.   receiving (the body comes in) -> asked (the service has it) -> answered. It is
//           destroyed by its server in the moment it is answered or the client is gone.
#pragma once

#include <span>
#include <string>

#include "model/service.h"
#include "transport/transaction.h"

namespace warmgate::model {

class ModelServer;

class Exchange final : public transport::ServerHandler {
 public:
  Exchange(ModelServer& server, transport::ServerTransaction& transaction,
           const http::RequestHead& head);
  ~Exchange() override;

  // Begins to read the body, or asks at once when there is none. May destroy this object.
  void start(const http::RequestHead& head);

 private:
  // transport::ServerHandler
  void on_body(std::string_view piece) override;
  void on_request_end(std::span<const http::Field> trailers) override;
  void on_writable() override {}  // an answer is handed over as a whole
  void on_gone() override;

  void ask();
  void answer(const Response& response);  // destroys this object
  void release_bytes();

  ModelServer& server_;
  transport::ServerTransaction& transaction_;
  Request request_;
  size_t received_ = 0;  // counted in the server's receiving_bytes_
  ModelService::Ticket ticket_ = 0;
};

}  // namespace warmgate::model
