#!/bin/bash
# Stand-in for the official run-helper.sh: what the listener's exit codes mean.
if [ "$(id -u)" = 0 ] && [ -z "$RUNNER_ALLOW_RUNASROOT" ]; then
    echo "Must not run interactively with sudo"
    exit 1
fi
cd "$(dirname "$0")" || exit 1
./bin/Runner.Listener run $*
code=$?
case $code in
0)
    echo "Runner listener exit with 0 return code, stop the service, no retry needed."
    exit 0 ;;
1)
    echo "Runner listener exit with terminated error, stop the service, no retry needed."
    exit 0 ;;
2)
    echo "Runner listener exit with retryable error, re-launch runner in 5 seconds."
    sleep 5
    exit 2 ;;
3 | 4)
    echo "Runner listener exit because of updating, re-launch runner after successful update"
    for _ in $(seq 31); do
        if [ -f update.finished ]; then
            echo "Update finished successfully."
            rm -f update.finished
            break
        fi
        sleep 1
    done
    exit 2 ;;
5)
    echo "Runner listener exit with Session Conflict error, stop the service, no retry needed."
    exit 0 ;;
7)
    if [ "$ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE" = 1 ]; then
        echo "Runner listener exit with deprecated version exit code: 7."
        exit 7
    fi
    echo "Exiting with unknown error code: 7"
    exit 0 ;;
*)
    echo "Exiting with unknown error code: $code"
    exit 0 ;;
esac
