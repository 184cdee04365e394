package metrics

import (
	"fmt"
	"strings"
)

// Family is one metric: a row of the table from which both the exposition and docs/metrics.md are made.
type Family struct {
	// Name follows Prometheus' conventions: https://prometheus.io/docs/practices/naming/
	Name string
	// Type is counter, gauge or histogram.
	Type string
	// Labels are the names of its labels, in the order in which values are given. A histogram's le is not among them.
	Labels []string
	// Help is one sentence.
	Help string
}

// The families.
var (
	phase     = Family{"runner_init_phase", "gauge", []string{"phase"}, "1 for the phase that the runner is in, 0 for the others."}
	ready     = Family{"runner_init_ready", "gauge", nil, "1 while the runner listens for jobs or runs one, unless its Docker daemon inside is down."}
	protected = Family{"runner_init_protection", "gauge", []string{"state"}, "1 for the state of the protection from scale-in, 0 for the others."}
	startup   = Family{"runner_init_startup_seconds", "gauge", nil, "Time from our start to the first Listening for Jobs; absent before."}
	jobs      = Family{"runner_init_jobs_total", "counter", []string{"result"}, "Jobs that have ended, by the result that the runner reported."}
	duration  = Family{"runner_init_job_duration_seconds", "histogram", nil, "Time from a job's start to its end."}
	requests  = Family{"runner_init_api_requests_total", "counter", []string{"method", "route", "status"}, "Requests of ours to GitHub's REST API, each attempt counted; status is none where no answer came."}
	retries   = Family{"runner_init_api_retries_total", "counter", []string{"reason"}, "Requests that were sent again, by what the attempt before met."}
	restarts  = Family{"runner_init_listener_restarts_total", "counter", nil, "Starts of the listener after it asked for one, or updated itself."}
	zombies   = Family{"runner_init_zombies_reaped_total", "counter", nil, "Orphans that PID 1 has reaped."}
	buildInfo = Family{"runner_init_build_info", "gauge", []string{"version", "commit", "goversion"}, "1, with what we were built from."}
)

// Families returns every metric there is, in the order in which they are exposed.
func Families() []Family {
	return []Family{phase, ready, protected, startup, jobs, duration, requests, retries, restarts, zombies, buildInfo}
}

// series is the name of one time series.
func (f Family) series(values ...string) string {
	if len(f.Labels) == 0 {
		return f.Name
	}
	pairs := make([]string, len(f.Labels))
	for i, label := range f.Labels {
		pairs[i] = fmt.Sprintf("%s=\"%s\"", label, escape(values[i]))
	}
	return f.Name + "{" + strings.Join(pairs, ",") + "}"
}

// escape writes the value of a label as the text format wants it.
func escape(value string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(value)
}
