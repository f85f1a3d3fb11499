#include "plan/policies.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"
#include "base/text.h"

namespace warmgate::plan {
namespace {

using policy::Prefer;

std::string choice_text(Prefer prefer, bool keep_warm) {
  const std::string first = prefer == Prefer::always_on ? "always-on first" : "serverless first";
  return first + (keep_warm ? ", kept warm" : "");
}

std::vector<Policy::Choice> warmgate_choices() {
  std::vector<Policy::Choice> choices;
  for (const Prefer prefer : {Prefer::always_on, Prefer::serverless}) {
    for (const bool keep_warm : {false, true}) {
      choices.push_back(
          {.text = choice_text(prefer, keep_warm), .prefer = prefer, .keep_warm = keep_warm});
    }
  }
  return choices;
}

std::vector<Policy::Choice> choices_of(const baselines::Alternative& alternative) {
  std::vector<Policy::Choice> choices;
  for (const double value : alternative.choices) {
    const auto number = [](double n) { return std::to_string(std::lround(n)); };
    choices.push_back({.text = alternative.choice_is_min_instances
                                   ? "n = " + number(value)
                                   : number(100 * value) + " % always-on",
                       .value = value});
  }
  if (choices.empty()) choices.emplace_back();
  return choices;
}

Error unknown(std::string_view name, const std::vector<Policy>& known) {
  std::vector<std::string_view> names;
  std::string list;
  for (const Policy& policy : known) {
    names.push_back(policy.name);
    list += (list.empty() ? "" : ", ") + std::string(policy.name);
  }
  const auto near = nearest(name, names);
  const std::string hint =
      near.empty() ? "known are " + list : "did you mean \"" + std::string(near) + "\"?";
  return Error{"the policy \"" + std::string(name) + "\" is not known: " + hint};
}

}  // namespace

std::vector<Policy> all_policies() {
  std::vector<Policy> all;
  all.push_back({.kind = Policy::Kind::warmgate,
                 .name = "warmgate",
                 .description = "this gateway",
                 .choices = warmgate_choices()});
  for (const baselines::Alternative& alternative : baselines::alternatives()) {
    all.push_back({.kind = Policy::Kind::alternative,
                   .name = alternative.name,
                   .description = alternative.description,
                   .alternative = &alternative,
                   .choices = choices_of(alternative)});
  }
  all.push_back({.kind = Policy::Kind::oracle,
                 .name = "oracle",
                 .description = "knows all arrivals; nobody can be it",
                 .choices = {{}}});
  return all;
}

Result<std::vector<Policy>> select_policies(std::string_view names,
                                            const policy::ServiceSettings* configured) {
  std::vector<Policy> all = all_policies();
  if (configured != nullptr) {
    const Prefer prefer = configured->prefer;
    const bool keep_warm = configured->serverless.keep_warm;
    all.front().choices = {
        {.text = choice_text(prefer, keep_warm), .prefer = prefer, .keep_warm = keep_warm}};
  }
  if (trim(names) == "all") return all;
  std::vector<bool> wanted(all.size(), false);
  wanted.back() = true;
  do {
    const size_t comma = names.find(',');
    const std::string_view name = trim(names.substr(0, comma));
    names.remove_prefix(comma == std::string_view::npos ? names.size() : comma + 1);
    const auto found = std::find_if(all.begin(), all.end(),
                                    [name](const Policy& policy) { return policy.name == name; });
    if (found == all.end()) return unknown(name, all);
    wanted[static_cast<size_t>(found - all.begin())] = true;
  } while (!names.empty());
  std::vector<Policy> selected;
  for (size_t i = 0; i < all.size(); ++i) {
    if (wanted[i]) selected.push_back(std::move(all[i]));
  }
  return selected;
}

std::unique_ptr<policy::Dispatcher> make_dispatcher(const Policy& policy,
                                                    const Policy::Choice& choice,
                                                    policy::ServiceSettings settings,
                                                    uint64_t seed) {
  WG_ASSERT(policy.kind != Policy::Kind::oracle, "the oracle is no Dispatcher");
  if (policy.kind == Policy::Kind::alternative) {
    return policy.alternative->make(settings, choice.value);
  }
  settings.prefer = choice.prefer;
  settings.serverless.keep_warm = choice.keep_warm;
  return policy::make_warmgate_dispatcher(settings, seed);
}

}  // namespace warmgate::plan
