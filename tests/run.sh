#!/bin/sh
# Run the tests with what they need. PYTHON is the interpreter; arguments go to pytest.
# With CI set, a missing browser is a failure; without, its tests are left out and that is said.
set -eu
cd "$(dirname "$0")/.."

chromium() {
    for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
        [ -n "$name" ] && command -v "$name" && return 0
    done
    return 1
}

if ! chromium >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Chromium for the browser tests"
    { apt-get -qq update && apt-get -qq install -y --no-install-recommends chromium; } >/dev/null ||
        echo "Chromium could not be installed." >&2
fi
if browser=$(chromium); then
    export CHROMIUM="$browser"
elif [ -n "${CI:-}" ]; then
    echo "The browser tests need Chromium: install it, or set CHROMIUM to its path." >&2
    exit 1
else
    set -- -m "not browser" "$@"
    echo "NOT RUN: the tests in tests/browser/, because there is no Chromium. Install it, or set CHROMIUM to its path." >&2
fi
exec "${PYTHON:-python}" -m pytest "$@"
