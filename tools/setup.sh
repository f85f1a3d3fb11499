#!/usr/bin/env bash
# Installs what building and testing need on Debian 12. Quick when nothing is missing.
#   tools/setup.sh            compiler, libraries, what the tests start
#   tools/setup.sh lint fuzz  further groups
set -euo pipefail

build_packages=(
  g++ cmake ninja-build ccache make pkg-config
  libopencv-dnn-dev libc-ares-dev libssl-dev libnghttp2-dev libyaml-cpp-dev nlohmann-json3-dev
  libvalijson-dev libcli11-dev libspdlog-dev libfmt-dev libhowardhinnant-date-dev tzdata libgtest-dev
  libgmock-dev
)
test_packages=(python3 python3-h2 valgrind openssl curl nghttp2-client nghttp2-server
               python3-websockets python3-grpcio nodejs node-ws node-llhttp slowhttptest varnish)
lint_packages=(clang-format clang-tidy)
fuzz_packages=(clang libclang-rt-14-dev libboost-dev)
bench_packages=(nginx haproxy nghttp2-proxy h2o wrk nghttp2-client strace)
npm_packages=(npm)
model_packages=(python3-sklearn python3-onnx python3-numpy)

# Of these only the programs are wanted: their services would listen on this machine.
declare -A services=([varnish]="varnish varnishncsa" [nginx]=nginx [haproxy]=haproxy
                     [nghttp2-proxy]=nghttpx [h2o]=h2o)

wanted=("${build_packages[@]}" "${test_packages[@]}")
for group in "$@"; do
  case "$group" in
    lint) wanted+=("${lint_packages[@]}") ;;
    fuzz) wanted+=("${fuzz_packages[@]}") ;;
    bench) wanted+=("${bench_packages[@]}") ;;
    npm) wanted+=("${npm_packages[@]}") ;;
    model) wanted+=("${model_packages[@]}") ;;
    *) echo "setup.sh: unknown group '$group'; there are lint, fuzz, bench, npm, model" >&2; exit 64 ;;
  esac
done

missing=()
for package in "${wanted[@]}"; do
  status=$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null || true)
  [[ "$status" == ii* ]] || missing+=("$package")
done
[[ ${#missing[@]} -eq 0 ]] && exit 0

sudo=()
if [[ $EUID -ne 0 ]]; then
  if ! command -v sudo >/dev/null; then
    echo "setup.sh: missing packages and neither root nor sudo; run as root:" >&2
    echo "  apt-get install ${missing[*]}" >&2
    exit 69
  fi
  sudo=(sudo)
fi
# A masked service is neither started nor enabled when its package comes.
masked=()
if command -v systemctl >/dev/null; then
  for package in "${missing[@]}"; do
    for unit in ${services[$package]:-}; do masked+=("$unit.service"); done
  done
fi
unmask() { [[ ${#masked[@]} -eq 0 ]] || "${sudo[@]}" systemctl --quiet unmask "${masked[@]}"; }
if [[ ${#masked[@]} -gt 0 ]]; then
  trap unmask EXIT
  "${sudo[@]}" systemctl --quiet mask "${masked[@]}"
fi

echo "Installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${sudo[@]}" apt-get update -qq
"${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
