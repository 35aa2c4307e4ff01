#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Install the Debian packages that are missing: nothing happens, and no root is needed, when all are there.
# Usage: tests/support/setup.sh SET...
#   build     to configure and build, and for the demo
#   tests     to run all tests
#   ci        for the second compiler and its sanitizers
#   benches   for what benches are compared with
#   captures  to record the golden captures anew
# Tests start servers of their own, so nothing that is installed here is started. Debian's packages enable their services all the
# same: from the next boot on they run, unless `systemctl disable nginx caddy unbound osmo-ggsn` says otherwise.
set -eu

# cmocka and nDPI belong to the build: tests and benches are configured with the rest.
build="gcc libc6-dev meson ninja-build pkgconf libssl-dev libpcap-dev libcmocka-dev libdpdk-dev libconfig-dev libjansson-dev \
libsystemd-dev libmicrohttpd-dev libidn2-dev libpsl-dev libsodium-dev libsqlite3-dev libndpi-dev scdoc"
tests="python3 python3-cryptography clang-format-14 iproute2 iputils-ping nftables ethtool nginx-light caddy unbound openssl curl ngtcp2-server \
ngtcp2-client chromium bind9-dnsutils minisign bind9-utils sqlite3 jq mandoc systemd libseccomp2 osmo-ggsn prometheus dpdk-dev"
ci="clang libclang-rt-14-dev"
benches="tcpdump"
captures="iproute2 ethtool iputils-ping tcpdump wireshark-common nginx-light openssl curl unbound bind9-dnsutils iperf3 \
ngtcp2-server ngtcp2-client chromium tinyproxy-bin"

wanted=
for set in "$@"; do
  case $set in
  build) wanted="$wanted $build" ;;
  tests) wanted="$wanted $tests" ;;
  ci) wanted="$wanted $ci" ;;
  benches) wanted="$wanted $benches" ;;
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
# Whether a package may start its service is asked of policy-rc.d, where there is one (init-system-helpers). A machine that has its
# own keeps it; else there is one for as long as this takes.
# shellcheck disable=SC2016 # expanded by the other shell
install='set -eu
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ] && [ ! -L $policy ]; then
  trap "rm -f $policy" EXIT
  trap "exit 1" HUP INT TERM
  printf "#!/bin/sh\nexit 101\n" >$policy
  chmod 755 $policy
fi
apt-get update -qq
apt-get install -y -qq --no-install-recommends "$@"'
# shellcheck disable=SC2086 # a list of words
$as_root env DEBIAN_FRONTEND=noninteractive sh -c "$install" "$0" $missing </dev/null
