// Package runner is the contract with GitHub's official runner (actions/runner): where it lies, how it is configured,
// started, watched, interrupted and removed, and what its lines, files and exit codes mean.
//
// It starts bin/Runner.Listener directly. The scripts config.sh and run.sh hide exit codes and mishandle signals, so
// nothing here goes through a shell. The package knows neither GitHub's API nor our lifecycle: it reports facts.
package runner
