#include "workload/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workload/log_entry.h"

namespace warmgate::workload {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Recorded read(const std::string& text, const ReadOptions& options = {}) {
  auto recorded = read_workload_text(text, options);
  EXPECT_TRUE(recorded.ok()) << recorded.error().message;
  return recorded.ok() ? std::move(*recorded) : Recorded{};
}

std::string error_of(const std::string& text, const ReadOptions& options = {}) {
  const auto recorded = read_workload_text(text, options);
  return recorded.ok() ? "" : recorded.error().message;
}

ReadOptions taking(Duration time) {
  ReadOptions options;
  options.service = TimeDraw::fixed(time);
  return options;
}

ReadOptions mapped(std::string_view sum) {
  ReadOptions options;
  options.service_columns = *parse_column_sum(sum);
  return options;
}

std::vector<Duration> times(const Workload& workload) {
  std::vector<Duration> all;
  for (const Request& request : workload) all.push_back(request.at);
  return all;
}

std::vector<Duration> services(const Workload& workload) {
  std::vector<Duration> all;
  for (const Request& request : workload) all.push_back(request.service);
  return all;
}

TEST(Reader, TakesAServiceTimeFromItsColumn) {
  const auto recorded = read("t_s,service_s\n10,0.2\n11,1.5\n");
  EXPECT_EQ(recorded.format, Format::csv);
  EXPECT_THAT(times(recorded.workload), ElementsAre(0s, 1s));
  EXPECT_THAT(services(recorded.workload), ElementsAre(200ms, 1500ms));
}

TEST(Reader, MapsColumnsToAServiceTime) {
  const std::string text = "t_s,context,generated\n0,1000,10\n1,0,100\n";
  EXPECT_THAT(services(read(text, mapped("generated*0.02")).workload), ElementsAre(200ms, 2s));
  EXPECT_THAT(services(read(text, mapped("0.5 + context*0.001 + generated*0.02")).workload),
              ElementsAre(1700ms, 2500ms));
  EXPECT_THAT(error_of(text, mapped("genrated*0.02")), HasSubstr("did you mean \"generated\""));
  EXPECT_THAT(error_of("0\n1\n", mapped("x")), HasSubstr("does not name its columns"));
}

TEST(Reader, SumsOfColumnsAreUnderstoodOrExplained) {
  for (const char* bad : {"", "a*", "*2", "a*b", "a++b", "2*3"}) {
    const auto sum = parse_column_sum(bad);
    ASSERT_FALSE(sum.ok()) << bad;
    EXPECT_THAT(sum.error().message, HasSubstr("column:generated_tokens*0.02"));
  }
  EXPECT_EQ(parse_column_sum("0.1+0.2")->constant, 0.1 + 0.2);
}

TEST(Reader, TakesMarksOfRequests) {
  const auto recorded = read("t_s,service_s,bytes,priority,heavy\n0,1,77,low,0\n1,1,5,high,1\n");
  EXPECT_EQ(recorded.workload[0].bytes, 77u);
  EXPECT_TRUE(recorded.workload[0].low_priority);
  EXPECT_FALSE(recorded.workload[0].heavy);
  EXPECT_FALSE(recorded.workload[1].low_priority);
  EXPECT_TRUE(recorded.workload[1].heavy);
}

TEST(Reader, SpreadsBinsRepeatably) {
  const auto once = read("t_s,count\n0,50\n300,0\n600,2\n", taking(1s));
  EXPECT_EQ(once.workload.size(), 52u);
  EXPECT_EQ(times(once.workload),
            times(read("t_s,count\n0,50\n300,0\n600,2\n", taking(1s)).workload));
  auto other = taking(1s);
  other.seed = 2;
  EXPECT_NE(times(once.workload), times(read("t_s,count\n0,50\n300,0\n600,2\n", other).workload));
  other.spacing = Spacing::even;
  EXPECT_THAT(times(read("t_s,count\n0,0\n10,2\n", other).workload), ElementsAre(12500ms, 17500ms));
}

TEST(Reader, WantsExactlyOneServiceTime) {
  EXPECT_THAT(error_of("t_s\n0\n"), HasSubstr("--service-time"));
  EXPECT_THAT(error_of("t_s,service_s\n0,1\n", taking(1s)), HasSubstr("leave one of the two out"));
  EXPECT_THAT(services(read("t_s,service_s,x\n0,1,4\n", mapped("x")).workload), ElementsAre(4s));
}

TEST(Reader, ReportsBadRowsAndRefusesDisorder) {
  const auto recorded = read("t_s,service_s\n0,1\n1,x\n2,-1\n3,1\n");
  EXPECT_EQ(recorded.workload.size(), 2u);
  EXPECT_EQ(recorded.bad_rows.count(), 2u);
  EXPECT_THAT(recorded.bad_rows.first(), ElementsAre(HasSubstr("line 3"), HasSubstr("line 4")));
  EXPECT_THAT(error_of("t_s,service_s\n5,1\n4,1\n"), HasSubstr("sort"));
  EXPECT_THAT(error_of("", taking(1s)), HasSubstr("the trace is empty"));
}

constexpr const char* kOwnLog =
    R"({"severity":"INFO","time":"2026-11-22T10:00:02.500Z","httpRequest":{"requestMethod":"POST","requestUrl":"/x","status":200,"requestSize":"12","responseSize":"3","latency":"2.000000s","remoteIp":"::1","protocol":"HTTP/1.1"},"logging.googleapis.com/trace":"0","service":"m","pool":"always-on","reason":"cold","attempts":1,"queuedMs":500.000}
not json
{"severity":"INFO","time":"2026-11-22T10:00:02.600Z","httpRequest":{"status":200,"requestSize":"0","latency":"0.100000s"},"service":"m","pool":"serverless","reason":"warm","attempts":1,"queuedMs":0.000}
{"severity":"ERROR","time":"2026-11-22T10:00:03.000Z","httpRequest":{"status":503,"requestSize":"0","latency":"0.200000s"},"service":"m","pool":"gateway","reason":"all-down","attempts":0,"queuedMs":200.000}
)";

TEST(Reader, OfOurOwnAccessLogARequestArrivesWithItsBody) {
  const auto recorded = read(
      R"({"time":"2026-11-22T10:00:05Z","httpRequest":{"latency":"4.0s"},"pool":"always-on","queuedMs":500,"bodyMs":3000}
{"time":"2026-11-22T10:00:05Z","httpRequest":{"latency":"2.0s"},"pool":"always-on","queuedMs":0})");
  ASSERT_EQ(recorded.workload.size(), 2u);
  EXPECT_EQ(recorded.workload[0].service, 2s) << "the one without an upload";
  EXPECT_EQ(recorded.workload[1].service, 500ms);
  EXPECT_NEAR(to_seconds(recorded.workload[1].at), 1, 1e-6);
}

TEST(Reader, ReadsOurOwnAccessLogInTheOrderOfArrivals) {
  const auto recorded = read(kOwnLog);
  EXPECT_EQ(recorded.format, Format::access_log);
  EXPECT_EQ(recorded.bad_rows.count(), 1u);
  EXPECT_THAT(recorded.bad_rows.first(), ElementsAre(HasSubstr("line 2: not a JSON object")));
  ASSERT_EQ(recorded.workload.size(), 3u);
  EXPECT_EQ(recorded.workload[0].service, 1500ms);  // without our own queue
  EXPECT_EQ(recorded.workload[0].bytes, 12u);
  EXPECT_NEAR(to_seconds(recorded.workload[1].at), 2, 1e-6);
  EXPECT_NEAR(to_seconds(recorded.workload[1].service), 0.1, 1e-9);
  EXPECT_EQ(recorded.filled_in, 1u);  // the gateway's own answer tells nothing of the model
}

TEST(Reader, ReadsCloudLogging) {
  const std::string run =
      R"({"timestamp":"2026-11-22T12:00:00.25+02:00","receiveTimestamp":"2026-11-22T10:00:09Z","httpRequest":{"latency":"0.3s","requestSize":"9","status":200},"logName":"x"})";
  const std::string later =
      R"({"timestamp":"2026-11-22T10:00:01.25Z","httpRequest":{"latency":"0.4s","status":200},"note":"a } in [ a \" string"})";
  const auto lines = read(run + "\n\n" + later + "\n");
  EXPECT_EQ(lines.format, Format::cloud);
  EXPECT_THAT(times(lines.workload), ElementsAre(0s, 1s));  // its timestamp is the begin
  EXPECT_THAT(services(lines.workload), ElementsAre(300ms, 400ms));
  // The newest first, as the command prints it, over several lines.
  const auto array =
      read("[\n" + later + ",\n  " + run.substr(0, 30) + "\n" + run.substr(30) + "]");
  EXPECT_THAT(services(array.workload), ElementsAre(300ms, 400ms));
  const auto own = read(
      R"([{"timestamp":"2026-11-22T10:00:01Z","httpRequest":{"latency":"0.5s"},"jsonPayload":{"queuedMs":100,"pool":"serverless"}},)"
      R"({"timestamp":"2026-11-22T10:00:01.5Z","httpRequest":{"latency":"0.1s"}}])");
  EXPECT_THAT(times(own.workload), ElementsAre(0s, 1s));
  EXPECT_THAT(services(own.workload), ElementsAre(400ms, 100ms));
}

TEST(Reader, ReadsNginxLogs) {
  const std::string text =
      R"(10.0.0.1 - - [10/Oct/2026:13:55:36 -0700] "GET / HTTP/1.1" 200 5 "-" "a \"b\" c" 0.250
10.0.0.1 - joe [10/Oct/2026:13:55:38 -0700] "GET / HTTP/1.1" 200 5 "-" "curl" rt=1.500 uct="0.1"
10.0.0.1 - - [32/Oct/2026:13:55:36 -0700] "GET / HTTP/1.1" 200 5 "-" "curl" 0.250
)";
  ReadOptions even;
  even.spacing = Spacing::even;
  const auto recorded = read(text, even);
  EXPECT_EQ(recorded.format, Format::nginx);
  EXPECT_EQ(recorded.bad_rows.count(), 1u);
  EXPECT_THAT(services(recorded.workload), ElementsAre(250ms, 1500ms));
  EXPECT_NEAR(to_seconds(recorded.workload[1].at), 38 - 1.5 - (36 - 0.25), 1e-6);
  const std::string plain =
      "::1 - - [10/Oct/2026:13:55:36 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"curl\"\n";
  EXPECT_THAT(error_of(plain), HasSubstr("does not say how long"));
  EXPECT_THAT(services(read(plain, taking(3s)).workload), ElementsAre(3s));
}

TEST(Reader, RequestsThatShareASecondAreSpreadOverIt) {
  const std::string line =
      "::1 - - [10/Oct/2026:13:55:36 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"curl\"\n";
  const auto recorded = read(line + line + line, taking(1s));
  EXPECT_LT(recorded.workload.back().at, 1s);
  EXPECT_GT(recorded.workload.back().at, 0s);
}

TEST(Reader, AFormatCanBeForced) {
  ReadOptions options = taking(1s);
  options.format = Format::nginx;
  EXPECT_THAT(error_of("t_s\n1\n", options), HasSubstr("no line of the log can be used; line 1"));
  EXPECT_EQ(parse_format("cloud-logging"), Format::cloud);
  EXPECT_EQ(parse_format("x"), std::nullopt);
}

TEST(Reader, ALogOfMoreThanAYearIsAnError) {
  EXPECT_THAT(error_of(R"([{"timestamp":"2026-11-22T10:00:01Z","httpRequest":{"latency":"1s"}},)"
                       R"({"timestamp":"6026-11-22T10:00:01Z","httpRequest":{"latency":"1s"}}])"),
              HasSubstr("more than a year"));
}

TEST(Reader, ALogHasNoColumns) {
  EXPECT_THAT(error_of(kOwnLog, mapped("x")), HasSubstr("no columns"));
}

TEST(Reader, BoundsAnEntry) {
  const std::string longest(200'000, 'x');
  const auto recorded = read("[" + longest +
                             "\n{\"timestamp\":\"2026-11-22T10:00:01Z\",\"httpRequest\":"
                             "{\"latency\":\"0.5s\"}},{\"a\":\"" +
                             longest + "\"}]");
  EXPECT_EQ(recorded.workload.size(), 1u);
  EXPECT_GE(recorded.bad_rows.count(), 1u);
}

TEST(Reader, SaysWhatCannotBeRead) {
  const auto recorded = read_workload("/nowhere/trace.csv", taking(1s));
  ASSERT_FALSE(recorded.ok());
  EXPECT_THAT(recorded.error().message, HasSubstr("No such file"));
}

TEST(Reader, UnderstandsTimesInAnyOffset) {
  const double noon = *parse_rfc3339("2026-11-22T12:00:00Z");
  EXPECT_EQ(noon, 1'795'348'800);
  EXPECT_EQ(*parse_rfc3339("2026-11-22T12:00:00.5+00:00"), noon + 0.5);
  EXPECT_EQ(*parse_rfc3339("2026-11-22 08:30:00-0330"), noon);
  for (const char* bad :
       {"", "2026-13-22T12:00:00Z", "2026-02-30T12:00:00Z", "2026-11-22T25:00:00Z",
        "2026-11-22T12:00:00", "2026-11-22T12:00:00.Zx"}) {
    EXPECT_EQ(parse_rfc3339(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace warmgate::workload
