// Package metrics counts what a runner does, for Prometheus and what understands its text format. A nil *Metrics is valid
// and counts nothing: nothing is made of the package where nobody asks for metrics.
//
// It refuses labels that a job or GitHub could make without end, starts no goroutine, and knows no secret.
package metrics

import (
	"io"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"
)

// Facts are what is known at the start, and what is asked for whenever somebody looks.
type Facts struct {
	Version, Commit, GoVersion string
	// Phases are all that there are; Phase is the present one.
	Phases []string
	Phase  func() string
	// Ready says whether jobs are or can be taken.
	Ready func() bool
	// Reaped is how many orphans PID 1 has reaped.
	Reaped func() uint64
}

// Metrics are the numbers of one runner. Its methods may be called by several goroutines at a time.
type Metrics struct {
	sets    map[string]*metrics.Set // of each family, by its name
	seconds histogram
	began   atomic.Pointer[time.Time] // when the running job did
}

// New returns metrics that have counted nothing.
func New(f Facts) *Metrics {
	m := &Metrics{sets: map[string]*metrics.Set{}}
	for _, family := range Families() {
		m.sets[family.Name] = metrics.NewSet()
	}
	for _, p := range f.Phases {
		m.gauge(phase, func() float64 { return number(f.Phase() == p) }, p)
	}
	m.gauge(ready, func() float64 { return number(f.Ready()) })
	m.gauge(buildInfo, func() float64 { return 1 }, f.Version, f.Commit, f.GoVersion)
	for _, r := range results { // a counter that is there from the beginning shows its first increase
		m.counter(jobs, r)
	}
	m.counter(restarts)
	m.sets[zombies.Name].RegisterMetricsWriter(func(w io.Writer) { metrics.WriteCounterUint64(w, zombies.Name, f.Reaped()) })
	m.sets[duration.Name].RegisterMetricsWriter(m.seconds.write)
	return m
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func (m *Metrics) gauge(f Family, value func() float64, labels ...string) {
	m.sets[f.Name].NewGauge(f.series(labels...), value)
}

func (m *Metrics) counter(f Family, labels ...string) *metrics.Counter {
	return m.sets[f.Name].GetOrCreateCounter(f.series(labels...))
}

// Write writes everything in Prometheus' text format.
func (m *Metrics) Write(w io.Writer) {
	for _, f := range Families() {
		f.write(w, m.sets[f.Name])
	}
}

// Listening notes how long it took until the first session. Later ones are no news.
func (m *Metrics) Listening(after time.Duration) {
	if m == nil {
		return
	}
	m.sets[startup.Name].GetOrCreateGauge(startup.Name, func() float64 { return after.Seconds() })
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
	m.counter(jobs, result).Inc()
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
	m.counter(requests, method, route, code).Inc()
}

// Retried notes that a request is sent again.
func (m *Metrics) Retried(reason string) {
	if m != nil {
		m.counter(retries, reason).Inc()
	}
}

// Restarted notes that the listener is started again.
func (m *Metrics) Restarted() {
	if m != nil {
		m.counter(restarts).Inc()
	}
}
