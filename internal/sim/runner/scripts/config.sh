#!/bin/bash
# Stand-in for the official config.sh: the root check, env.sh, then the listener as a child.
if [ "$(id -u)" = 0 ] && [ -z "$RUNNER_ALLOW_RUNASROOT" ]; then
    echo "Must not run with sudo"
    exit 1
fi
cd "$(dirname "$0")" || exit 1
source ./env.sh
if [ "${1,,}" = remove ]; then
    ./bin/Runner.Listener "$@"
else
    ./bin/Runner.Listener configure "$@"
fi
