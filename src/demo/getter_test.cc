#include "demo/getter.h"

#include <gtest/gtest.h>

#include "net/epoll_loop.h"
#include "transport/simple_server.h"

namespace warmgate::demo {
namespace {

TEST(Getter, GetsOneDocumentAfterAnother) {
  net::EpollLoop loop;
  transport::SimpleServer server(
      loop,
      [](transport::SimpleRequest request, transport::Responder respond) {
        transport::SimpleResponse response;
        response.status = request.target == "/missing" ? 404 : 200;
        response.body = request.method + " " + request.target;
        respond(response);
      },
      {}, 1024);
  ASSERT_TRUE(server.listen(*net::Address::parse("127.0.0.1:0")).ok());
  Getter getter(loop, server.address());
  std::optional<std::string> first, missing;
  getter.get("/status", [&](std::optional<std::string> document) {
    first = document;
    getter.get("/missing", [&](std::optional<std::string> second) {
      missing = second;
      loop.stop();
    });
  });
  loop.run();
  EXPECT_EQ(first, "GET /status");
  EXPECT_EQ(missing, std::nullopt);
  EXPECT_FALSE(getter.busy());
}

TEST(Getter, TellsThatNobodyAnswers) {
  net::EpollLoop loop;
  auto listener = loop.listen(*net::Address::parse("127.0.0.1:0"), [](auto) {});
  const net::Address address = (*listener)->address();
  listener->reset();
  Getter getter(loop, address);
  bool called = false;
  getter.get("/", [&](std::optional<std::string> document) {
    called = true;
    EXPECT_EQ(document, std::nullopt);
    loop.stop();
  });
  loop.run();
  EXPECT_TRUE(called);
}

}  // namespace
}  // namespace warmgate::demo
