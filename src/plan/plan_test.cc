#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "config/loader.h"
#include "plan/advice.h"
#include "plan/axis.h"
#include "plan/chart.h"
#include "plan/command.h"
#include "plan/json.h"
#include "plan/output_file.h"
#include "plan/report.h"
#include "plan/table.h"
#include "plan/text.h"
#include "workload/generators.h"

namespace warmgate::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const std::atomic<bool> kGoOn = false;

PlanOptions small_options() {
  PlanOptions options;
  options.draw = "mmpp:low=0.5,high=12,mean_low=3m,mean_high=20s,length=2h";
  options.slo = 1s;
  options.service_time = "p50=150ms,p99=500ms";
  options.cold_start = "6s";
  return options;
}

Inputs inputs_of(const PlanOptions& options) {
  auto inputs = read_inputs(options);
  EXPECT_TRUE(inputs.ok()) << inputs.error().message;
  return inputs.ok() ? std::move(*inputs) : Inputs{};
}

std::string error_of(const PlanOptions& options) {
  const auto inputs = read_inputs(options);
  return inputs.ok() ? "" : inputs.error().message;
}

Plan plan_of(const Inputs& inputs) {
  Progress silent(nullptr);
  return inputs.size ? compare(inputs, kGoOn, silent) : search(inputs, kGoOn, silent);
}

// ---- options

TEST(PlanOptions, SaySoWhenSomethingIsMissingOrWrong) {
  const auto with = [](auto&& change) {
    PlanOptions options = small_options();
    change(options);
    return error_of(options);
  };
  EXPECT_EQ(with([](auto&) {}), "");
  EXPECT_THAT(with([](auto& o) { o.slo.reset(); }), HasSubstr("--slo 500ms"));
  EXPECT_THAT(with([](auto& o) { o.draw.clear(); }), HasSubstr("--trace FILE"));
  EXPECT_THAT(with([](auto& o) { o.trace = "x"; }), HasSubstr("exactly one of"));
  EXPECT_THAT(with([](auto& o) { o.service_time.clear(); }), HasSubstr("--service-time"));
  EXPECT_THAT(with([](auto& o) { o.service_time = "fast"; }), HasSubstr("write 200ms"));
  EXPECT_THAT(with([](auto& o) { o.service_time = "column:*"; }), HasSubstr("column:NAME*SCALE"));
  EXPECT_THAT(with([](auto& o) { o.cold_start = "exponential:3s"; }), HasSubstr("p50=3s,p99=9s"));
  EXPECT_THAT(with([](auto& o) { o.always_on = "e2-smal*2"; }), HasSubstr("mean \"e2-small\""));
  EXPECT_THAT(with([](auto& o) { o.always_on = "0"; }), HasSubstr("from 1 to"));
  EXPECT_THAT(with([](auto& o) { o.billing = "hourly"; }), HasSubstr("request or instance"));
  EXPECT_THAT(with([](auto& o) { o.policies = "warmgat"; }), HasSubstr("mean \"warmgate\""));
  EXPECT_THAT(with([](auto& o) { o.policies = ""; }), HasSubstr("known are"));
  EXPECT_THAT(with([](auto& o) { o.format = "xml"; }), HasSubstr("nginx"));
  EXPECT_THAT(with([](auto& o) { o.cpu = 1000; }), HasSubstr("--cpu goes"));
  EXPECT_THAT(with([](auto& o) { o.target = 101; }), HasSubstr("--target"));
  EXPECT_THAT(with([](auto& o) { o.config = "/nowhere.yaml"; }), HasSubstr("nowhere.yaml"));
}

TEST(PlanOptions, AConfigurationGivesWhatFlagsDoNot) {
  const auto path = std::filesystem::path(testing::TempDir()) / "plan_test.yaml";
  std::ofstream(path) << "services:\n  - name: m\n    slo: 2s\n    always_on:\n"
                         "      backends: http://10.0.0.1:80\n      concurrency: 3\n"
                         "    serverless:\n      backends: http://10.0.0.2:80\n"
                         "      concurrency: 7\n      billing: instance\n"
                         "      expected_cold_start: 9s\n";
  PlanOptions options = small_options();
  options.slo.reset();
  options.cold_start.clear();
  options.config = path;
  options.always_on = "e2-standard-4*2";
  const Inputs inputs = inputs_of(options);
  EXPECT_EQ(inputs.world.slo, 2s);
  EXPECT_EQ(inputs.world.serverless.concurrency, 7u);
  EXPECT_EQ(inputs.world.serverless.billing, policy::Billing::instance);
  EXPECT_NEAR(to_seconds(inputs.world.serverless.start.mean()), 9, 1e-3);
  EXPECT_EQ(inputs.size->all_slots(), 6u);
  EXPECT_EQ(inputs.policies.front().choices.size(), 1u);  // as the file says
}

TEST(PlanSize, SlotsAndMachines) {
  const Size slots = *parse_size("6", 0);
  EXPECT_EQ(slots.all_slots(), 6u);
  EXPECT_EQ(slots.text(), "6 slots");
  const Size machines = *parse_size("e2-standard-2*3", 0);
  EXPECT_EQ(machines.all_slots(), 6u);
  EXPECT_NEAR(slots.usd_per_month(), machines.usd_per_month(), 1e-9);
  EXPECT_EQ(parse_size("e2-small", 0)->machines, 1);
  EXPECT_EQ(parse_size("e2-small*2", 4)->all_slots(), 8u);
  EXPECT_EQ(kNoMachines.usd_per_month(), 0);
}

TEST(PlanSize, ASearchStopsWhereNobodyNeedsMore) {
  workload::Workload workload(7, {.at = 0s, .service = 1s});
  EXPECT_EQ(greatest_concurrency(workload), 7u);
  const auto sizes = sizes_for(workload, 0);
  EXPECT_EQ(sizes.front().machine.name, "e2-micro");
  EXPECT_EQ(sizes.back().all_slots(), 8u);
  for (size_t i = 1; i < sizes.size(); ++i) {
    EXPECT_GT(sizes[i].usd_per_month(), sizes[i - 1].usd_per_month());
  }
}

// ---- what is found

TEST(Plan, SeveralSeedsAreJudgedTogether) {
  PlanOptions options = small_options();
  options.always_on = "2";
  options.policies = "serverless,always-on";
  options.seeds = 2;
  const Plan both = plan_of(inputs_of(options));
  options.seeds = 1;
  const Plan first = plan_of(inputs_of(options));
  ++options.seed;
  const Plan second = plan_of(inputs_of(options));
  for (size_t i = 0; i < both.found.size(); ++i) {
    const sim::Figures& union_of = both.found[i].best.figures;
    const sim::Figures& a = first.found[i].best.figures;
    const sim::Figures& b = second.found[i].best.figures;
    EXPECT_NE(a.requests, b.requests) << "other draws";
    EXPECT_EQ(union_of.requests, a.requests + b.requests);
    EXPECT_EQ(union_of.violations(), a.violations() + b.violations());
    EXPECT_EQ(union_of.latency.count(), a.latency.count() + b.latency.count());
    EXPECT_NEAR(union_of.usd(), a.usd() + b.usd(), 1e-9);
    EXPECT_EQ(union_of.span, a.span + b.span);
  }
  options.seeds = 0;
  EXPECT_FALSE(read_inputs(options).ok());
}

TEST(Plan, ComparesAllPoliciesAtOneSize) {
  PlanOptions options = small_options();
  options.always_on = "2";
  const Inputs inputs = inputs_of(options);
  const Plan plan = plan_of(inputs);
  const auto rows = rows_of(plan, inputs.target);
  ASSERT_EQ(rows.size(), all_policies().size());
  EXPECT_EQ(rows.front().policy, "warmgate");
  EXPECT_EQ(rows.back().policy, "oracle");
  EXPECT_DOUBLE_EQ(rows.back().cost_over_oracle, 1);
  size_t requests = 0;
  for (size_t i = 0; i < inputs.seeds(); ++i) requests += inputs.workload(i).size();
  for (const Row& row : rows) {
    SCOPED_TRACE(row.policy);
    EXPECT_EQ(row.requests, requests);
    EXPECT_GT(row.usd_per_month, 0);
    const bool has_machines =
        row.policy != "serverless" && row.policy != "min-instances" && row.policy != "knative-like";
    EXPECT_EQ(row.always_on_slots, has_machines ? 2u : 0u);
    EXPECT_NEAR(row.usd_per_month, row.always_on_usd + row.serverless_usd, 1e-6);
    EXPECT_LE(row.p50_s, row.p99_s);
    EXPECT_LE(row.p99_s, row.p999_s);
    EXPECT_LE(row.p999_s, row.max_s + 1e-9);
    if (row.is_oracle || (has_machines && row.violations == 0)) {
      EXPECT_GE(row.usd_per_month, plan.bound_usd_per_month * 0.999);
    }
  }
}

TEST(Plan, IsTheSameForTheSameSeed) {
  const Inputs inputs = inputs_of(small_options());
  const Plan once = plan_of(inputs), again = plan_of(inputs);
  EXPECT_EQ(to_json(inputs, once, rows_of(once, 0.999)),
            to_json(inputs, again, rows_of(again, 0.999)));
}

TEST(Plan, SearchFindsTheCheapestThatMeetsTheTarget) {
  const Inputs inputs = inputs_of(small_options());
  const Plan plan = plan_of(inputs);
  for (size_t i = 0; i < plan.found.size(); ++i) {
    SCOPED_TRACE(plan.found[i].policy->name);
    const Outcome& best = plan.found[i].best;
    for (const Point& point : plan.points) {
      if (point.policy != i || point.violated > 1 - inputs.target) continue;
      EXPECT_TRUE(best.meets(inputs.target));
      EXPECT_LE(best.usd(), point.usd + 1e-9);
    }
    double before = 0;
    for (const Nine& nine : plan.found[i].nines) {
      if (nine.usd == 0) continue;  // not met
      EXPECT_GE(nine.usd, before);
      before = nine.usd;
    }
  }
  EXPECT_THAT(advice(inputs, plan), HasSubstr("Take warmgate with "));
}

TEST(Plan, TellsWhereMuchLessNearlyDoes) {
  const Inputs inputs = inputs_of(small_options());
  Plan plan = plan_of(inputs);
  plan.points.clear();
  const Found& mine = recommended(plan, inputs.target);
  const auto policy = static_cast<size_t>(&mine - plan.found.data());
  ASSERT_TRUE(mine.best.meets(inputs.target));
  const double much_less = 0.5 * mine.best.usd();
  plan.points.push_back({policy, much_less, 2.5 * (1 - inputs.target)});
  plan.points.push_back({policy, 0.9 * mine.best.usd(), 1.5 * (1 - inputs.target)});
  plan.points.push_back({policy + 1, much_less, 1.5 * (1 - inputs.target)});
  EXPECT_THAT(advice(inputs, plan), Not(HasSubstr("narrowly")));
  plan.points.push_back({policy, much_less, 1.5 * (1 - inputs.target)});
  EXPECT_THAT(advice(inputs, plan), HasSubstr("missed narrowly (1500 per million)"));
}

TEST(Plan, OneMachineLessDoesNotDo) {
  PlanOptions options = small_options();
  options.policies = "always-on";
  const Inputs inputs = inputs_of(options);
  const Plan plan = plan_of(inputs);
  const Outcome& best = plan.found.front().best;
  ASSERT_TRUE(best.meets(inputs.target));
  ASSERT_GT(best.trial.size.machines, 1);
  Trial smaller = best.trial;
  --smaller.size.machines;
  EXPECT_FALSE(run_trial(inputs, smaller, &kGoOn).meets(inputs.target));
}

TEST(Plan, WhatNoMachineCanDoIsNotHeldAgainstTheTarget) {
  Inputs inputs = inputs_of(small_options());
  Outcome outcome;
  outcome.figures.requests = 1000;
  outcome.figures.late = 11;
  outcome.impossible = 10;
  EXPECT_TRUE(outcome.meets(0.999));
  outcome.impossible = 9;
  EXPECT_FALSE(outcome.meets(0.999));
}

TEST(Plan, FaultsBreakMore) {
  PlanOptions options = small_options();
  options.always_on = "e2-standard-2*2";
  options.policies = "warmgate,always-on";
  const Plan calm = plan_of(inputs_of(options));
  options.faults = 200;
  const Plan faulty = plan_of(inputs_of(options));
  for (size_t i = 0; i < 2; ++i) {
    const sim::Figures& figures = faulty.found[i].best.figures;
    EXPECT_GT(figures.violations(), calm.found[i].best.figures.violations());
    EXPECT_EQ(figures.requests, figures.answered + figures.refused + figures.failed);
  }
}

TEST(Plan, StopsWhenItIsTold) {
  const Inputs inputs = inputs_of(small_options());
  const std::atomic<bool> stop = true;
  Progress silent(nullptr);
  EXPECT_TRUE(search(inputs, stop, silent).stopped);
}

// ---- what is told

TEST(PlanOutput, JsonHasTheFieldsThatAreDocumented) {
  PlanOptions options = small_options();
  options.always_on = "2";
  options.policies = "warmgate,mark-like";
  const Inputs inputs = inputs_of(options);
  const Plan plan = plan_of(inputs);
  const auto json = nlohmann::json::parse(to_json(inputs, plan, rows_of(plan, inputs.target)));
  EXPECT_EQ(json["slo_s"], 1.0);
  ASSERT_EQ(json["rows"].size(), 3u);
  for (const char* field :
       {"policy", "always_on_slots", "usd_per_month", "cost_over_oracle", "requests", "violations",
        "p50_s", "p99_s", "p999_s", "max_s", "cold_starts_seen"}) {
    EXPECT_TRUE(json["rows"][0].contains(field)) << field;
  }
}

TEST(PlanOutput, TheConfigurationLoads) {
  const Inputs inputs = inputs_of(small_options());
  const Plan plan = plan_of(inputs);
  const auto loaded = config::load_text(recommended_config(inputs, plan), "plan");
  ASSERT_TRUE(loaded.config) << loaded.error_text();
  const config::Service& service = loaded.config->services.front();
  const Trial& trial = plan.found.front().best.trial;
  EXPECT_EQ(service.policy.slo, 1s);
  EXPECT_EQ(service.always_on.size(), trial.size.machines);
  EXPECT_EQ(service.policy.always_on.concurrency, trial.size.slots);
  EXPECT_EQ(service.policy.serverless.concurrency, trial.concurrency);
  EXPECT_EQ(service.policy.serverless.expected_cold_start, 6s);
  EXPECT_EQ(service.policy.prefer, trial.chosen().prefer);
}

TEST(PlanOutput, AGivenConfigurationKeepsWhatThePlanSaysNothingAbout) {
  const auto path = std::filesystem::path(testing::TempDir()) / "plan_keep.yaml";
  std::ofstream(path) << "drain_timeout: 7s\nservices:\n  - name: m\n    slo: 2s\n    always_on:\n"
                         "      backends: http://10.9.9.9:80\n    serverless:\n"
                         "      backends: http://10.0.0.2:80\n    queue:\n      max_requests: 77\n";
  PlanOptions options = small_options();
  options.config = path;
  options.always_on = "e2-standard-2*2";
  const Inputs inputs = inputs_of(options);
  const auto loaded = config::load_text(recommended_config(inputs, plan_of(inputs)), "plan");
  ASSERT_TRUE(loaded.config) << loaded.error_text();
  EXPECT_EQ(loaded.config->drain_timeout, 7s);
  const config::Service& service = loaded.config->services.front();
  EXPECT_EQ(service.policy.queue.max_requests, 77u);
  EXPECT_EQ(service.policy.slo, 1s);  // the flag
  ASSERT_EQ(service.always_on.size(), 2u);
  EXPECT_EQ(service.always_on.front().url, "http://10.9.9.9:80");
  EXPECT_TRUE(service.policy.health.enabled);
}

TEST(PlanOutput, TheReportIsOnePageWithoutLinks) {
  PlanOptions options = small_options();
  options.always_on = "2";
  const Inputs inputs = inputs_of(options);
  const std::string page = report_page(inputs, plan_of(inputs), kGoOn);
  EXPECT_THAT(page, Not(HasSubstr("{{")));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("http://")));
  EXPECT_THAT(page, Not(HasSubstr("https://")));
  EXPECT_THAT(page, HasSubstr("Take warmgate with"));
  EXPECT_THAT(page, Not(HasSubstr("nan")));
  size_t charts = 0;
  for (size_t at = page.find("<svg"); at != std::string::npos; at = page.find("<svg", at + 1)) {
    ++charts;
  }
  EXPECT_EQ(charts, 4u);
}

TEST(Plan, OtherSizesAreFurtherPointsOfThePlot) {
  for (const char* size : {"4", "e2-standard-2*2"}) {
    PlanOptions options = small_options();
    options.always_on = size;
    options.policies = "warmgate,serverless";
    const Inputs inputs = inputs_of(options);
    Plan plan = plan_of(inputs);
    const size_t before = plan.points.size();
    Progress silent(nullptr);
    add_other_sizes(inputs, plan, kGoOn, silent);
    EXPECT_GE(plan.points.size(), before + 3) << size;
    for (size_t i = before; i < plan.points.size(); ++i) {
      EXPECT_EQ(plan.points[i].policy, 0u);  // serverless has no machines
      EXPECT_NE(plan.points[i].usd, plan.found.front().best.usd());
    }
  }
}

TEST(PlanOutput, FilesAreWholeOrAbsent) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "plan_files";
  std::filesystem::create_directories(folder);
  const std::string path = folder / "out.json";
  ASSERT_TRUE(write_whole_file(path, "one"));
  ASSERT_TRUE(write_whole_file(path, "two"));
  std::ifstream in(path);
  std::string text;
  in >> text;
  EXPECT_EQ(text, "two");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
  EXPECT_FALSE(write_whole_file(folder / "no" / "x", "text"));
  EXPECT_THAT(check_writable(folder / "no" / "x").error().message, HasSubstr("no folder"));
  EXPECT_THAT(check_writable(folder).error().message, HasSubstr("is a folder"));
}

TEST(PlanOutput, CommandTellsBadRowsAndKeepsQuietOnceInterrupted) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "plan_command";
  std::filesystem::create_directories(folder);
  const std::string trace = folder / "trace.csv";
  std::ofstream(trace) << "t_s,service_s\n0,0.2\nx,1\n5,0.3\n";
  PlanOptions options;
  options.trace = trace;
  options.slo = 1s;
  options.always_on = "1";
  options.json = folder / "plan.json";
  std::filesystem::remove(options.json);
  std::ostringstream out, errors;
  EXPECT_EQ(run(options, std::atomic<bool>(true), out, errors), kExitInterrupted);
  EXPECT_FALSE(std::filesystem::exists(options.json));
  EXPECT_EQ(run(options, kGoOn, out, errors), 0) << errors.str();
  EXPECT_TRUE(std::filesystem::exists(options.json));
  EXPECT_THAT(errors.str(), HasSubstr("line 3: t_s is \"x\""));
  EXPECT_THAT(out.str(), HasSubstr("mark-like"));
}

// ---- pictures and figures

TEST(PlanAxis, MarksAreRound) {
  const auto texts = [](const Axis& axis) {
    std::vector<std::string> all;
    for (const auto& mark : axis.marks()) all.push_back(mark.text);
    return all;
  };
  EXPECT_THAT(texts(Axis(Axis::Kind::linear, 0, 27, "")),
              ElementsAre("0", "5", "10", "15", "20", "25"));
  EXPECT_THAT(texts(Axis(Axis::Kind::logarithmic, 0.001, 100, "")),
              ElementsAre("0.001", "0.01", "0.1", "1", "10", "100"));
  EXPECT_THAT(texts(Axis(Axis::Kind::time, 0, 3600, "")),
              ElementsAre("0", "10 min", "20 min", "30 min", "40 min", "50 min", "60 min"));
  const Axis axis(Axis::Kind::logarithmic, 1, 100, "");
  EXPECT_DOUBLE_EQ(axis.place(10), 0.5);
  EXPECT_DOUBLE_EQ(axis.place(0), 0);
  EXPECT_DOUBLE_EQ(axis.place(1e9), 1);
  EXPECT_GT(Axis(Axis::Kind::linear, 3, 3, "").place(4), 0.99);
}

TEST(PlanChart, EscapesWhatItIsGiven) {
  Chart chart({Axis::Kind::linear, 0, 1, "<x>"}, {Axis::Kind::linear, 0, 1, "y"});
  chart.point(0.5, 0.5, 3, "s1", "a & \"b\"");
  const std::string svg = chart.svg("c<d");
  EXPECT_THAT(svg, HasSubstr("a &amp; &quot;b&quot;"));
  EXPECT_THAT(svg, HasSubstr("&lt;x&gt;"));
  EXPECT_THAT(svg, HasSubstr("c&lt;d"));
}

TEST(PlanText, ReadsAsPeopleWrite) {
  EXPECT_EQ(whole(1234567), "1,234,567");
  EXPECT_EQ(whole(999), "999");
  EXPECT_EQ(usd(12.345), "12.35");
  EXPECT_EQ(usd(12345.6), "12,346");
  EXPECT_EQ(nines(0.99999), "99.999 %");
}

}  // namespace
}  // namespace warmgate::plan
