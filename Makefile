# The front door. Each target installs what it needs (Debian 12), builds and runs.
SHELL := /bin/bash
JOBS ?= $(shell nproc)
BUILD := build/release
DEMO_FLAGS ?=
CTEST_FLAGS ?=

.DEFAULT_GOAL := help

.PHONY: help
help:  ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1|\2/' | \
	  awk -F'|' '{printf "  make %-10s %s\n", $$1, $$2}'

.PHONY: setup
setup:
	@tools/setup.sh

$(BUILD)/build.ninja: | setup
	@cmake --preset release >/dev/null

.PHONY: build
build: setup $(BUILD)/build.ninja  ## Build build/release/bin/warmgate and warmgate-model
	@cmake --build --preset release -j $(JOBS) --target warmgate warmgate-model

.PHONY: demo
demo: build  ## Watch a scale-to-zero pool go cold, wake and take over, three ways side by side
	@$(BUILD)/bin/warmgate demo $(DEMO_FLAGS)

.PHONY: test
test: setup $(BUILD)/build.ninja  ## Build everything and run all tests
	@cmake --build --preset release -j $(JOBS)
	@ctest --preset release -j $(JOBS) --no-tests=error $(CTEST_FLAGS)

.PHONY: asan
asan: setup  ## Unit and scenario tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@cmake --preset asan >/dev/null && cmake --build --preset asan -j $(JOBS)
	@ctest --preset asan -j $(JOBS) --no-tests=error -E '^(integration|callgrind)\.'

.PHONY: tsan
tsan: setup  ## The tests where threads meet, under ThreadSanitizer
	@cmake --preset tsan >/dev/null
	@cmake --build --preset tsan -j $(JOBS) --target net_test model_test plan_test gateway_test
	@ctest --preset tsan -j $(JOBS) --no-tests=error -R '^(net|model|plan|gateway)\.'

.PHONY: lint
lint: setup  ## Formatting, layering of the rooms, and clang-tidy on what changed
	@tools/setup.sh lint
	@tools/lint.sh
	@tools/tidy.sh --changed

.PHONY: tidy
tidy: setup  ## clang-tidy over everything (about half an hour)
	@tools/setup.sh lint
	@tools/tidy.sh

.PHONY: grpc-js
grpc-js: build  ## gRPC with npm's grpc-js as client and server (installs it into build/npm)
	@command -v npm >/dev/null || tools/setup.sh npm
	@npm install --silent --no-fund --no-audit --ignore-scripts --prefix build/npm @grpc/grpc-js@1
	@WARMGATE=$(abspath $(BUILD))/bin/warmgate /usr/bin/python3 tests/integration/grpc_js_test.py

.PHONY: fuzz
fuzz:  ## Run every fuzzer for FUZZ_SECONDS (default 60) each; FUZZ_SEED=N: afresh, by that seed
	@tools/setup.sh fuzz
	@tools/fuzz.sh $${FUZZ_SECONDS:-60}

.PHONY: bench
bench: build  ## Beside others: cost of a request, of an event, latency, memory; JSON=DIR keeps the figures
	@tools/setup.sh bench
	@$(if $(JSON),mkdir -p $(JSON))
	@status=0; for name in instructions proxies threads streams memory release_latency; do \
	  echo "== bench/$$name.py"; \
	  /usr/bin/python3 bench/$$name.py $(if $(JSON),--json $(JSON)/$$name.json) || status=1; echo; \
	done; exit $$status

.PHONY: fidelity
fidelity: build  ## Ten minutes of traffic (TRACE=FILE) by real processes and by the plan, compared
	@/usr/bin/python3 bench/fidelity.py $(if $(TRACE),--trace $(TRACE)) $(FIDELITY_FLAGS)

.PHONY: evaluation
evaluation: build  ## Compare policies over the traces of TRACES; writes docs/evaluation.md
	@/usr/bin/python3 bench/evaluation.py --write $(if $(TRACES),--traces $(TRACES))

.PHONY: model
model:  ## Train the sample model and write assets/digits again
	@tools/setup.sh model
	@tools/train_digits.py

.PHONY: format
format:  ## Format the code
	@tools/setup.sh lint
	@git ls-files '*.cc' '*.h' | xargs clang-format -i

.PHONY: clean
clean:  ## Remove all builds
	@rm -rf build
