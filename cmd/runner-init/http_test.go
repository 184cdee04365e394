package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/sim/github"
)

// get asks the endpoints of a box.
func (b *box) get(path string) (status int, body string) {
	b.t.Helper()
	b.said("serving health and metrics")
	at := regexp.MustCompile(`"address":"([^"]+)"`).FindStringSubmatch(b.stderr.String())[1]
	resp, err := http.Get("http://" + at + path)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func TestMetrics(t *testing.T) {
	h := newHub(t)
	h.Fault(github.Fault{Status: 502, Method: "POST", Route: "/repos/{owner}/{repo}/actions/runners/registration-token", Times: 1})
	b := open(t, h, newRoot(t), usual("RUNNER_EPHEMERAL=false", "RUNNER_HTTP_ADDR=127.0.0.1:0"))
	h.listening(t, b)
	b.said(`"phase":"listening"`)
	if status, body := b.get("/readyz"); status != 200 || body != "ready listening\n" {
		t.Errorf("/readyz: %d %q", status, body)
	}
	job := h.job("(sh -c 'unset RUNNER_TRACKING_ID; sleep 0.2 & sleep 0.1' > /dev/null 2>&1 &); sleep 1")
	expectResult(t, job, github.Succeeded)
	b.said(`"phase":"listening","from":"running"`)
	_, body := b.get("/metrics")
	for _, want := range []string{
		`runner_init_phase\{phase="listening"\} 1`,
		`runner_init_startup_seconds [0-9.]+`,
		`runner_init_jobs_total\{result="succeeded"\} 1`,
		`runner_init_job_duration_seconds_count 1`,
		`runner_init_api_requests_total\{method="POST",route="/repos/\{owner\}/\{repo\}/actions/runners/registration-token",status="502"\} 1`,
		`runner_init_api_requests_total\{method="POST",route="/repos/\{owner\}/\{repo\}/actions/runners/registration-token",status="201"\} 1`,
		`runner_init_api_retries_total\{reason="[a-z]+"\} 1`,
		`runner_init_listener_restarts_total 0`,
		`runner_init_zombies_reaped_total [1-9][0-9]*`,
		`runner_init_build_info\{.*goversion="go1.*"\} 1`,
	} {
		if !regexp.MustCompile("(?m)^" + want + "$").MatchString(body) {
			t.Errorf("no %s", want)
		}
	}
	for _, private := range []string{testPAT, "acme", "widgets", "GITHUB_"} {
		if strings.Contains(body, private) {
			t.Errorf("the metrics hold %q", private)
		}
	}
	if t.Failed() {
		t.Log(body)
	}
	b.signal(syscall.SIGTERM)
	b.expectExit(0)
}

// The time until we listen counts from the start of the container, whoever went before: here the one who registered.
func TestStartupCountsFromTheStart(t *testing.T) {
	h := newHub(t)
	gate := h.Gate(github.Point{Method: "POST", Route: "/repos/{owner}/{repo}/actions/runners/generate-jitconfig"})
	b := open(t, h, newRoot(t), dropping("RUNNER_HTTP_ADDR=127.0.0.1:0"))
	if _, err := gate.Arrived(t.Context()); err != nil {
		t.Fatal(err)
	}
	const held = 2 * time.Second
	for begin := time.Now(); time.Since(begin) < held; {
		b.expectHealth("alive registering", false)
	}
	gate.Release()
	h.listening(t, b)
	b.said(`"phase":"listening"`)
	addresses := regexp.MustCompile(`"address":"([^"]+)"`).FindAllStringSubmatch(b.stderr.String(), -1)
	resp, err := http.Get("http://" + addresses[len(addresses)-1][1] + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	found := regexp.MustCompile(`(?m)^runner_init_startup_seconds ([0-9.]+)$`).FindSubmatch(body)
	if found == nil {
		t.Fatalf("no startup_seconds in\n%s", body)
	}
	if seconds, _ := strconv.ParseFloat(string(found[1]), 64); seconds < held.Seconds() || seconds > testTime.Seconds() {
		t.Errorf("it took %v s, want %v at least", seconds, held)
	}
}

// A port that is taken is said before anything is registered.
func TestPortTaken(t *testing.T) {
	h := newHub(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	b := open(t, h, newRoot(t), usual("RUNNER_HTTP_ADDR="+l.Addr().String()))
	b.said("cannot serve RUNNER_HTTP_ADDR: listen tcp " + l.Addr().String() + ": bind: address already in use")
	b.said(`"hint":"choose an address`)
	b.expectExit(78)
	if calls := h.calls(); len(calls) > 0 {
		t.Errorf("calls: %q", calls)
	}
}

// Without being asked to, nobody listens at an address of the network.
func TestNoPortUnasked(t *testing.T) {
	h := newHub(t)
	b := open(t, h, newRoot(t), usual())
	h.listening(t, b)
	const listens = "0A" // see tcp_states.h
	var listening []string
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, _ := os.ReadFile(table)
		for line := range strings.Lines(string(text)) {
			if fields := strings.Fields(line); len(fields) > 9 && fields[3] == listens {
				listening = append(listening, "socket:["+fields[9]+"]")
			}
		}
	}
	if len(listening) == 0 {
		t.Fatal("nobody listens, not even the simulated GitHub: the search is broken")
	}
	fds, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", b.supervisor()))
	if err != nil || len(fds) == 0 {
		t.Fatalf("no descriptors: %v", err)
	}
	for _, fd := range fds {
		if link, _ := os.Readlink(fd); slices.Contains(listening, link) {
			t.Errorf("descriptor %s listens", filepath.Base(fd))
		}
	}
}
