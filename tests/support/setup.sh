#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Install the Debian packages that are missing: nothing happens, and no root is needed, when all are there.
# Usage: tests/support/setup.sh SET...
#   build     to configure and build, and for the demo
#   tests     to run all tests
#   ci        for the second compiler and its sanitizers
#   captures  to record the golden captures anew
set -eu

# cmocka and nDPI belong to the build: tests and benches are configured with the rest.
build="gcc libc6-dev meson ninja-build pkgconf libssl-dev libpcap-dev libcmocka-dev libdpdk-dev libconfig-dev libjansson-dev \
libsystemd-dev libidn2-dev libpsl-dev libsodium-dev libsqlite3-dev libndpi-dev scdoc"
tests="python3 clang-format-14 iproute2 nftables ethtool nginx-light openssl curl ngtcp2-server ngtcp2-client minisign \
bind9-utils sqlite3 jq mandoc systemd iputils-ping osmo-ggsn"
ci="clang libclang-rt-14-dev"
captures="iproute2 ethtool iputils-ping tcpdump wireshark-common nginx-light openssl curl unbound bind9-dnsutils iperf3 \
ngtcp2-server ngtcp2-client chromium tinyproxy-bin"

wanted=
for set in "$@"; do
  case $set in
  build) wanted="$wanted $build" ;;
  tests) wanted="$wanted $tests" ;;
  ci) wanted="$wanted $ci" ;;
  captures) wanted="$wanted $captures" ;;
  *) echo "$0: no set of packages is called $set" >&2; exit 2 ;;
  esac
done

if ! command -v dpkg-query >/dev/null; then
  echo "$0: not a Debian system; these packages or their like are needed:$wanted" >&2
  exit 1
fi

missing=
for package in $wanted; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "$0: packages are missing; as root: apt-get install$missing" >&2
    exit 1
  fi
  as_root="sudo"
fi
echo "Installing with apt-get:$missing"
$as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
# shellcheck disable=SC2086 # lists of words
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing </dev/null
