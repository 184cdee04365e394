package metrics

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// fresh are metrics of a runner that listens.
func fresh() *Metrics {
	return New(Facts{
		Version: "1.2.3", Commit: "abc", GoVersion: "go1.26", Phases: []string{"booting", "listening"},
		Phase: func() string { return "listening" }, Ready: func() bool { return true }, Reaped: func() uint64 { return 7 },
		Protections: []string{"none", "held"}, Protection: func() string { return "held" },
	})
}

func exposed(m *Metrics) string {
	var b bytes.Buffer
	m.Write(&b)
	return b.String()
}

func expect(t *testing.T, m *Metrics, lines ...string) {
	t.Helper()
	got := strings.Split(exposed(m), "\n")
	for _, line := range lines {
		if !slices.Contains(got, line) {
			t.Errorf("no line %q in\n%s", line, strings.Join(got, "\n"))
		}
	}
}

func TestFacts(t *testing.T) {
	expect(t, fresh(),
		`runner_init_phase{phase="booting"} 0`, `runner_init_phase{phase="listening"} 1`, `runner_init_ready 1`,
		`runner_init_protection{state="none"} 0`, `runner_init_protection{state="held"} 1`,
		`runner_init_zombies_reaped_total 7`, `runner_init_build_info{version="1.2.3",commit="abc",goversion="go1.26"} 1`,
		`runner_init_jobs_total{result="failed"} 0`, `runner_init_listener_restarts_total 0`)
}

func TestCounts(t *testing.T) {
	m := fresh()
	m.Request("DELETE", "/repos/{owner}/{repo}/actions/runners/{id}", 204)
	m.Request("DELETE", "/repos/{owner}/{repo}/actions/runners/{id}", 204)
	m.Request("GET", "/x", 0)
	m.Retried("throttled")
	m.Restarted()
	m.Listening(1500 * time.Millisecond)
	m.Listening(time.Hour) // a persistent runner listens again after each job
	expect(t, m,
		`runner_init_api_requests_total{method="DELETE",route="/repos/{owner}/{repo}/actions/runners/{id}",status="204"} 2`,
		`runner_init_api_requests_total{method="GET",route="/x",status="none"} 1`,
		`runner_init_api_retries_total{reason="throttled"} 1`, `runner_init_listener_restarts_total 1`, `runner_init_startup_seconds 1.5`)
}

// A job's length is time that passed, and its buckets are Prometheus' own: each holds those below it too.
func TestJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := fresh()
		for _, length := range []time.Duration{20 * time.Second, 6 * time.Hour, 6 * 24 * time.Hour} {
			m.JobStarted()
			time.Sleep(length)
			m.JobEnded("Succeeded")
		}
		m.JobEnded("Canceled") // of a job whose start we have not seen
		expect(t, m,
			`runner_init_jobs_total{result="succeeded"} 3`, `runner_init_jobs_total{result="canceled"} 1`,
			`runner_init_job_duration_seconds_bucket{le="15"} 0`, `runner_init_job_duration_seconds_bucket{le="30"} 1`,
			`runner_init_job_duration_seconds_bucket{le="21600"} 2`, `runner_init_job_duration_seconds_bucket{le="432000"} 2`,
			`runner_init_job_duration_seconds_bucket{le="+Inf"} 3`, `runner_init_job_duration_seconds_count 3`,
			`runner_init_job_duration_seconds_sum 540020`)
	})
}

func TestResultsAreBounded(t *testing.T) {
	m := fresh()
	for i := range 1000 {
		m.JobEnded(fmt.Sprintf("result %d\"}", i))
	}
	expect(t, m, `runner_init_jobs_total{result="unknown"} 1000`)
	if n := strings.Count(exposed(m), "runner_init_jobs_total{"); n != len(results) {
		t.Errorf("%d series of jobs, want %d", n, len(results))
	}
}

func TestOff(t *testing.T) {
	var m *Metrics
	if n := testing.AllocsPerRun(10, func() {
		m.JobStarted()
		m.JobEnded("Succeeded")
		m.Request("GET", "/", 200)
		m.Retried("throttled")
		m.Restarted()
		m.Listening(time.Second)
	}); n != 0 {
		t.Errorf("metrics that are off allocate %v times", n)
	}
}

// Every line is what the text format allows, and belongs to a family of the table, below its head.
func TestExposition(t *testing.T) {
	m := fresh()
	m.Listening(time.Second)
	m.Request("GET", `a "quoted" \ path`+"\n", 500)
	m.Retried("throttled")
	sample := regexp.MustCompile(`^([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\.)*",?)*)\})? [0-9.e+]+$`)
	label := regexp.MustCompile(`([a-z]+)="(?:[^"\\\n]|\\.)*"`)
	var now Family
	seen := map[string]bool{}
	for line := range strings.Lines(exposed(m)) {
		line = strings.TrimSuffix(line, "\n")
		if name, help, ok := strings.Cut(strings.TrimPrefix(line, "# HELP "), " "); ok && strings.HasPrefix(line, "# HELP ") {
			at := slices.IndexFunc(Families(), func(f Family) bool { return f.Name == name && f.Help == help })
			if at < 0 || seen[name] {
				t.Fatalf("%q is in no table, or twice", line)
			}
			now, seen[name] = Families()[at], true
			continue
		}
		if strings.HasPrefix(line, "#") {
			if want := "# TYPE " + now.Name + " " + now.Type; line != want {
				t.Errorf("got %q, want %q", line, want)
			}
			continue
		}
		parts := sample.FindStringSubmatch(line)
		if parts == nil {
			t.Errorf("%q is no sample", line)
			continue
		}
		name, labels := parts[1], now.Labels
		if now.Type == "histogram" {
			name = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_sum"), "_count")
			if strings.HasSuffix(parts[1], "_bucket") {
				labels = []string{"le"}
			}
		}
		var got []string
		for _, l := range label.FindAllStringSubmatch(parts[2], -1) {
			got = append(got, l[1])
		}
		if name != now.Name || !slices.Equal(got, labels) {
			t.Errorf("%q below the head of %s%v", line, now.Name, labels)
		}
	}
	for _, f := range Families() {
		if !seen[f.Name] {
			t.Errorf("%s is not exposed", f.Name)
		}
	}
}
