#!/bin/sh
# Run the tests with what they need. PYTHON is the interpreter; arguments go to pytest.
# With CI set, a missing browser or service is a failure; without, the tests that need it are left out and that is said.
set -eu
cd "$(dirname "$0")/.."

find_browser() {
    for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
        [ -n "$name" ] && command -v "$name" && return 0
    done
    return 1
}

# PostgreSQL's server programs are usually not on the PATH; libfaketime is a library.
find_services() {
    command -v redis-server && command -v xgettext && { command -v nginx || ls /usr/sbin/nginx; } && ls /usr/lib/postgresql/*/bin/initdb && ls /usr/lib/*/faketime/libfaketime.so.1
}

# What Debian and Ubuntu have, where that may be done.
install() {
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing $* for the tests"
        export DEBIAN_FRONTEND=noninteractive
        { apt-get -qq update && apt-get -qq install -y --no-install-recommends "$@"; } >/dev/null ||
            echo "They could not be installed." >&2
    fi
}

# Leave out the tests with a mark, or fail where nothing may be left out.
without() {
    if [ -n "${CI:-}" ]; then
        echo "The tests marked $1 need $2" >&2
        exit 1
    fi
    left_out="${left_out:+$left_out and }not $1"
    echo "NOT RUN: the tests marked $1. They need $2" >&2
}

left_out=""
find_browser >/dev/null || install chromium
if browser=$(find_browser); then
    export CHROMIUM="$browser"
else
    without browser "Chromium: install it, or set CHROMIUM to its path."
fi
find_services >/dev/null 2>&1 || install redis-server postgresql faketime nginx-light gettext
find_services >/dev/null 2>&1 || without services "Redis, PostgreSQL's server, libfaketime, nginx and GNU gettext: install them."
exec "${PYTHON:-python}" -m pytest ${left_out:+-m "$left_out"} "$@"
