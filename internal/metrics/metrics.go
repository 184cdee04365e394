// Package metrics counts what a runner does, for Prometheus and what understands its text format. A nil *Metrics is valid
// and counts nothing: nothing is made of the package where nobody asks for metrics.
//
// It refuses labels that a job or GitHub could make without end, starts no goroutine, and knows no secret.
package metrics

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Facts are what is known at the start, and what is asked for whenever somebody looks.
type Facts struct {
	Version, Commit, GoVersion string
	// Phases are all that there are; Phase is the present one.
	Phases []string
	Phase  func() string
	// Ready says whether jobs are or can be taken.
	Ready func() bool
	// Protections are all states of the platform's protection; Protection is the present one.
	Protections []string
	Protection  func() string
	// Reaped is how many orphans PID 1 has reaped.
	Reaped func() uint64
}

// Metrics are the numbers of one runner. Its methods may be called by several goroutines at a time.
type Metrics struct {
	of      map[string]*samples // each family, by its name
	seconds histogram
	began   atomic.Pointer[time.Time] // when the running job did
}

// New returns metrics that have counted nothing.
func New(f Facts) *Metrics {
	m := &Metrics{of: map[string]*samples{}}
	for _, family := range Families() {
		m.of[family.Name] = &samples{counts: map[string]uint64{}, asked: map[string]func() float64{}}
	}
	for _, p := range f.Phases {
		m.gauge(phase, func() float64 { return number(f.Phase() == p) }, p)
	}
	m.gauge(ready, func() float64 { return number(f.Ready()) })
	for _, p := range f.Protections {
		m.gauge(protected, func() float64 { return number(f.Protection() == p) }, p)
	}
	m.gauge(buildInfo, func() float64 { return 1 }, f.Version, f.Commit, f.GoVersion)
	for _, r := range results { // a counter that is there from the beginning shows its first increase
		m.count(jobs, 0, r)
	}
	m.count(restarts, 0)
	m.gauge(zombies, func() float64 { return float64(f.Reaped()) })
	return m
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func (m *Metrics) gauge(f Family, value func() float64, labels ...string) {
	m.of[f.Name].ask(f.series(labels...), value)
}

func (m *Metrics) count(f Family, n uint64, labels ...string) {
	m.of[f.Name].count(f.series(labels...), n)
}

// Write writes everything in Prometheus' text format, a family that has no series yet left out:
// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
func (m *Metrics) Write(w io.Writer) {
	for _, f := range Families() {
		var samples bytes.Buffer
		if m.of[f.Name].write(&samples); f.Name == duration.Name {
			m.seconds.write(&samples)
		}
		if samples.Len() > 0 {
			fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n%s", f.Name, f.Help, f.Name, f.Type, samples.Bytes())
		}
	}
}

// Listening notes how long it took until the first session. Later ones are no news.
func (m *Metrics) Listening(after time.Duration) {
	if m == nil {
		return
	}
	m.gauge(startup, after.Seconds)
}

// JobStarted notes the start of a job.
func (m *Metrics) JobStarted() {
	if m != nil {
		m.began.Store(new(time.Now()))
	}
}

// results are what the runner reports (GitHub.DistributedTask.WebApi.TaskResult).
var results = []string{"succeeded", "succeededwithissues", "failed", "canceled", "skipped", "abandoned", unknown}

// unknown stands for every other result: nobody may make labels without end.
const unknown = "unknown"

// JobEnded notes the end of a job, with the runner's word for its result.
func (m *Metrics) JobEnded(result string) {
	if m == nil {
		return
	}
	result = strings.ToLower(result)
	if !slices.Contains(results, result) {
		result = unknown
	}
	m.count(jobs, 1, result)
	if began := m.began.Swap(nil); began != nil {
		m.seconds.observe(time.Since(*began))
	}
}

// Request notes an attempt at a request. The route has placeholders in place of names and numbers; a status of 0 means
// that no answer came.
func (m *Metrics) Request(method, route string, status int) {
	if m == nil {
		return
	}
	code := "none"
	if status != 0 {
		code = strconv.Itoa(status)
	}
	m.count(requests, 1, method, route, code)
}

// Retried notes that a request is sent again.
func (m *Metrics) Retried(reason string) {
	if m != nil {
		m.count(retries, 1, reason)
	}
}

// Restarted notes that the listener is started again.
func (m *Metrics) Restarted() {
	if m != nil {
		m.count(restarts, 1)
	}
}
