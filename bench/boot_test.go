package bench

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/runner-init/runner-init/internal/sim/github"
)

const (
	bootRounds = 150
	jobUser    = 1001 // nobody in particular; that it is not root makes the boot an ordinary one
	pat        = "pat-for-tests-only"
)

// site is a simulated GitHub on loopback that looks at the clock.
type site struct {
	github *github.Server
	url    string

	mu       sync.Mutex
	arrivals []instant // of all requests, since begin
	answered instant   // when the first of them was answered
}

func newSite(b *testing.B) *site {
	b.Helper()
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	s := &site{github: github.New(github.Options{}), url: "http://" + socket.Addr().String()}
	s.github.AddPAT(pat, github.Classic("repo").Named("bench"))
	s.github.OnAnswer(s.answer)
	server := &http.Server{Handler: s}
	go server.Serve(socket)
	b.Cleanup(func() { server.Close() })
	return s
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at := now()
	s.mu.Lock()
	s.arrivals = append(s.arrivals, at)
	s.mu.Unlock()
	s.github.ServeHTTP(w, r)
}

// answer is told when the simulation has decided and before it says so.
func (s *site) answer(github.Entry) {
	at := now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.answered == 0 {
		s.answered = at
	}
}

func (s *site) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrivals, s.answered = nil, 0
}

// environ is that of a container with an ephemeral runner of a repository.
func (s *site) environ(root string) []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "GITHUB_SERVER_URL=" + s.url, "GITHUB_API_URL=" + s.url, "GITHUB_TOKEN=" + pat,
		"RUNNER_REPO=acme/widgets", "RUNNER_NAME_PREFIX=bench", "RUNNER_HOME=" + root, "RUNNER_STOP_TIMEOUT=30",
	}
}

// newRoot makes a directory for a runner that does not belong to root, and that its owner can reach.
func newRoot(b *testing.B) string {
	b.Helper()
	root := b.TempDir()
	if err := os.Mkdir(filepath.Join(root, "bin"), 0o755); err != nil {
		b.Fatal(err)
	}
	for dir := root; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			b.Fatal(err)
		}
	}
	if err := os.Chown(root, jobUser, jobUser); err != nil {
		b.Fatal(err)
	}
	return root
}

// bootCost measures run mode: registration just in time, and in the listener's place a program that says the time with its
// first instructions and ends.
func bootCost(b *testing.B, p programs, all *costs) {
	s, root := newSite(b), newRoot(b)
	if err := os.Link(p.stamp, filepath.Join(root, "bin", "Runner.Listener")); err != nil {
		b.Fatal(err)
	}
	all.request, all.launch, all.calls = nil, nil, 0
	for range bootRounds {
		s.begin()
		at := p.start(b, s.environ(root), p.runner, "run").readings(3)
		began, ran := at[0], at[1]
		s.mu.Lock()
		all.request = append(all.request, s.arrivals[0].since(began))
		all.launch = append(all.launch, ran.since(s.answered))
		all.calls = max(all.calls, s.before(ran))
		s.mu.Unlock()
	}
	b.ReportMetric(milliseconds(all.request.quantile(50)), "exec-to-request-ms")
	b.ReportMetric(milliseconds(all.launch.quantile(50)), "answer-to-listener-ms")
}

// before counts the requests that arrived before a moment. The caller holds mu.
func (s *site) before(moment instant) (n int) {
	for _, at := range s.arrivals {
		if at < moment {
			n++
		}
	}
	return n
}
