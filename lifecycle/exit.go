package lifecycle

// Code is an exit code of the program. The numbers follow sysexits.h where it has one.
type Code uint8

// Every exit code there is, apart from 128+n for an end by signal n.
const (
	// OK is a job done, whatever its result, or a clean stop.
	OK Code = 0
	// OutdatedRunner is the runner's own code for a version that GitHub no longer accepts; Kubernetes scale sets read it.
	OutdatedRunner Code = 7
	// Usage is a command line that makes no sense.
	Usage Code = 64
	// Unreachable is a GitHub, or an AWS that has our values, that could not be reached, or throttled us, until the deadline.
	Unreachable Code = 69
	// RunnerFailed is a listener that failed or crashed, or a supervisor that did.
	RunnerFailed Code = 70
	// GhostLeft is a stop after which a registration may be left on GitHub.
	GhostLeft Code = 75
	// Refused is a credential that GitHub or AWS does not accept, or that lacks a permission.
	Refused Code = 77
	// Misconfigured is a configuration that is incomplete or contradicts itself.
	Misconfigured Code = 78
	// Conflicted is a name or session conflict that would not clear.
	Conflicted Code = 81
	// DeadRunner is a runner that lives and does not work: its job has no worker, or GitHub no longer knows it.
	DeadRunner Code = 82
	// DockerDown is a Docker daemon of ours that did not come up, or did not stay up.
	DockerDown Code = 83
	// MemoryExhausted is a runner, a supervisor of ours, or a job's worker, that the kernel's OOM killer has ended.
	MemoryExhausted Code = 84
	// CannotExecute is a program that exists and cannot be executed.
	CannotExecute Code = 126
	// NotFound is a program that does not exist.
	NotFound Code = 127
)

// Exit is why and with which code the program ends. Its zero value is a clean end.
type Exit struct {
	Code   Code
	Reason string
}

// Meaning is one row of the table of exit codes.
type Meaning struct {
	Code Code
	Text string
	// Do says what a person does about it.
	Do string
}

// Meanings returns what every exit code means, in order.
func Meanings() []Meaning {
	return []Meaning{
		{OK, "the job is done, whatever its result, or the stop was clean", "nothing"},
		{OutdatedRunner, "GitHub no longer accepts this runner version", "build the image with a newer runner"},
		{Usage, "the command line makes no sense", "see `runner-init help`"},
		{Unreachable, "GitHub, or AWS for a reference, was unreachable or throttled us until `RUNNER_START_TIMEOUT`", "check the network, the proxy and githubstatus.com"},
		{RunnerFailed, "the runner, or our supervisor, failed", "read the last log line and the runner's `_diag`"},
		{GhostLeft, "stopped, but a registration may be left on GitHub", "delete it, and give `RUNNER_STOP_TIMEOUT` more time or us an API credential"},
		{Refused, "GitHub refused the credential or its permission, or AWS a reference", "the error names the scope, permission or IAM action that is missing"},
		{Misconfigured, "the configuration is invalid", "the error names each variable and its remedy"},
		{Conflicted, "a name or session conflict would not clear", "give each runner its own name, or none at all"},
		{DeadRunner, "the runner was dead: it took a job and did not start it, or GitHub no longer knew it", "start another one; if it happens again, look into `_diag`, and for who deletes runners"},
		{DockerDown, "the Docker daemon inside did not come up, or kept crashing", "read its last lines, `dockerd: …`: a container that is not privileged, nor of the runtime sysbox-runc, is the usual cause"},
		{MemoryExhausted, "the kernel's OOM killer ended the runner, our supervisor, or the worker and with it the job", "give the container more memory or the job less to do; the last line names the limit and the peak"},
		{CannotExecute, "the command cannot be executed", "check its mode, its interpreter and its architecture"},
		{NotFound, "the command was not found", "check the path"},
	}
}
