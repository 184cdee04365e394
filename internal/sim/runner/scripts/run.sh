#!/bin/bash
# Stand-in for the official run.sh, with its two ways to treat signals and its habit to lose exit codes.
cd "$(dirname "$0")" || exit 1

launch() {
    cp -f run-helper.sh.template run-helper.sh && chmod +x run-helper.sh
}

plain() {
    while :; do
        launch
        ./run-helper.sh $*
        code=$?
        [ $code = 2 ] || break
        echo "Restarting runner..."
    done
    echo "Exiting runner..."
    [ $code = 7 ] && exit 7
    exit 0
}

trapped() {
    trap 'stop 130' INT
    trap 'stop 143' TERM
    while :; do
        launch
        set -m
        ./run-helper.sh $* &
        helper=$!
        set +m
        wait $helper
        code=$?
        [ $code = 2 ] || break
        echo "Restarting runner..."
    done
    echo "Exiting runner..."
    exit $code
}

stop() {
    trap - INT TERM
    kill -INT -$helper
    echo "Exiting runner..."
    wait $helper
    exit $1
}

if [ -n "$RUNNER_MANUALLY_TRAP_SIG" ]; then
    trapped $*
fi
plain $*
