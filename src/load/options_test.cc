#include "load/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "load/request_log.h"

namespace warmgate::load {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class OptionsTest : public ::testing::Test {
 protected:
  std::string write(const std::string& file, const std::string& text) {
    const std::string path = ::testing::TempDir() + "wg_load_options_" + file;
    std::ofstream(path) << text;
    return path;
  }
  std::string arrivals_error() {
    const auto plan = open_arrivals(options_);
    return plan.ok() ? "" : plan.error().message;
  }
  std::string requests_error() {
    const auto plan = plan_requests(options_);
    return plan.ok() ? "" : plan.error().message;
  }

  LoadOptions options_ = [] {
    LoadOptions options;
    options.url = "http://localhost:8080/a";
    return options;
  }();
};

TEST_F(OptionsTest, NeedExactlyOneWayToSend) {
  EXPECT_THAT(arrivals_error(), HasSubstr("exactly one of --rate, --profile and --trace"));
  options_.rate = "5/s";
  EXPECT_EQ(arrivals_error(), "");
  options_.profile = "burst 3";
  EXPECT_THAT(arrivals_error(), HasSubstr("exactly one"));
}

TEST_F(OptionsTest, SayHowARateIsWritten) {
  for (const char* rate : {"50", "0/s", "x/s", "50/d"}) {
    options_.rate = rate;
    EXPECT_THAT(arrivals_error(), HasSubstr("write 50/s")) << rate;
  }
}

TEST_F(OptionsTest, TakeAProfileFromAFileOrAsItIs) {
  options_.profile = "burst 3";
  EXPECT_EQ(arrivals_error(), "");
  options_.profile = write("good.profile", "# three\nburst 3\n");
  EXPECT_EQ(arrivals_error(), "");
  options_.profile = write("bad.profile", "burst 3\nburts 4\n");
  EXPECT_THAT(arrivals_error(), HasSubstr("bad.profile: phase 2"));
}

TEST_F(OptionsTest, NameTheTraceThatIsMissingOrWrong) {
  options_.trace = "/nowhere/trace.csv";
  EXPECT_THAT(arrivals_error(),
              HasSubstr("cannot read the trace \"/nowhere/trace.csv\": No such file"));
  options_.trace = ::testing::TempDir();
  EXPECT_THAT(arrivals_error(), HasSubstr("cannot read the trace"));
  options_.trace = write("empty.csv", "");
  EXPECT_THAT(arrivals_error(), HasSubstr("the trace is empty"));
  options_.trace = write("trace.csv", "t_s\n1\nx\n2\n");
  const auto plan = open_arrivals(options_);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->bad_rows, 1u);
  EXPECT_EQ(plan->arrivals->next(), 0s);
  EXPECT_EQ(plan->arrivals->next(), 1s);
}

TEST_F(OptionsTest, NameThePayloadsThatAreMissingOrWrong) {
  EXPECT_TRUE(open_payloads(options_)->empty());
  options_.payloads = "/nowhere.jsonl";
  EXPECT_THAT(open_payloads(options_).error().message, HasSubstr("No such file"));
  options_.payloads = write("bad.jsonl", "{}\n");
  EXPECT_THAT(open_payloads(options_).error().message, HasSubstr("bad.jsonl: line 1"));
  options_.body = options_.payloads;
  EXPECT_THAT(open_payloads(options_).error().message, HasSubstr("not both"));
}

TEST_F(OptionsTest, DeriveWhatIsNotSaid) {
  EXPECT_EQ(plan_requests(options_)->settings.method, "GET");
  options_.payloads = "p.jsonl";
  options_.path = "/b?c=1";
  options_.headers = {"X-Api-Key:  secret ", "host: model.example"};
  const auto plan = plan_requests(options_);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->settings.method, "POST");
  EXPECT_EQ(plan->settings.path, "/b?c=1");
  EXPECT_EQ(plan->target.url(), "http://localhost:8080/b?c=1");
  EXPECT_EQ(plan->settings.authority, "model.example");
  EXPECT_THAT(plan->settings.fields,
              ElementsAre(Pair("X-Api-Key", "secret"), Pair("content-type", "application/json")));
}

TEST_F(OptionsTest, SayWhatIsWrongWithARequest) {
  for (const char* header :
       {"x", ": y", "a b: c", "x: y\r\nz: w", "content-length: 3", "Transfer-Encoding: chunked"}) {
    options_.headers = {header};
    EXPECT_THAT(requests_error(), HasSubstr("the header")) << header;
  }
  options_.headers = {};
  options_.path = "b";
  EXPECT_THAT(requests_error(), HasSubstr("--path"));
  options_.path = "";
  options_.method = "G E T";
  EXPECT_THAT(requests_error(), HasSubstr("--method"));
  options_.method = "";
  options_.max_connections = 0;
  EXPECT_THAT(requests_error(), HasSubstr("--max-connections"));
}

TEST(RequestLog, WritesALineForEachRequest) {
  std::ostringstream out;
  RequestLog log(out);
  log.add({.intended = 1500ms,
           .lag = 250us,
           .latency = 40ms,
           .status = 200,
           .pool = "always-on",
           .reason = "a \"b\", c",
           .instance_age = 2.5});
  log.add({.intended = 2s, .ending = Ending::not_sent});
  EXPECT_EQ(out.str(),
            "intended_s,latency_s,lag_s,ending,status,pool,reason,instance_age_s\n"
            "1.500000,0.040000,0.000250,ok,200,always-on,\"a \"\"b\"\", c\",2.500000\n"
            "2.000000,,,not_sent,,,,\n");
}

}  // namespace
}  // namespace warmgate::load
