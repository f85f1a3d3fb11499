#include "model/routes.h"

#include <gtest/gtest.h>

#include <string_view>

namespace warmgate::model {
namespace {

struct Case {
  std::string_view target;
  Endpoint endpoint;
  std::string_view model;
  std::string_view version;
};

TEST(Routes, FindsEachEndpoint) {
  const Case cases[] = {
      {"/v2", Endpoint::server_metadata, "", ""},
      {"/v2/", Endpoint::server_metadata, "", ""},
      {"/v2?x=1", Endpoint::server_metadata, "", ""},
      {"/v2/health/live", Endpoint::live, "", ""},
      {"/v2/health/ready", Endpoint::ready, "", ""},
      {"/metrics", Endpoint::metrics, "", ""},
      {"/v2/models/digits", Endpoint::model_metadata, "digits", ""},
      {"/v2/models/digits/", Endpoint::model_metadata, "digits", ""},
      {"/v2/models/digits/ready", Endpoint::model_ready, "digits", ""},
      {"/v2/models/digits/infer?a=/b", Endpoint::infer, "digits", ""},
      {"/v2/models/digits/versions/1", Endpoint::model_metadata, "digits", "1"},
      {"/v2/models/digits/versions/1/ready", Endpoint::model_ready, "digits", "1"},
      {"/v2/models/digits/versions/1/infer", Endpoint::infer, "digits", "1"},
  };
  for (const Case& expected : cases) {
    const Route route = find_route(expected.target);
    EXPECT_EQ(route.endpoint, expected.endpoint) << expected.target;
    EXPECT_EQ(route.model, expected.model) << expected.target;
    EXPECT_EQ(route.version, expected.version) << expected.target;
  }
}

TEST(Routes, AnythingElseIsNotFound) {
  for (std::string_view target :
       {"", "/", "*", "/v1", "/v2x", "/v2/health", "/v2/models", "/v2/models/", "/v2/models//infer",
        "/v2/models/digits/versions", "/v2/models/digits/versions//infer",
        "/v2/models/digits/infer/x", "/v2/models/digits/explain"}) {
    EXPECT_EQ(find_route(target).endpoint, Endpoint::not_found) << target;
  }
}

}  // namespace
}  // namespace warmgate::model
