//go:build !nodemo

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/runner-init/runner-init/internal/sim/github"
	simrunner "github.com/runner-init/runner-init/internal/sim/runner"
)

// simulated is the program in the role of the official runner, as which demo installs it.
func simulated(argv []string) (code int, ok bool) {
	if !simrunner.IsRunner(argv[0]) {
		return 0, false
	}
	return simrunner.Main(argv), true
}

// demoTime bounds the demo.
const demoTime = time.Minute

// demoCommand runs two runners against a simulated GitHub and says whether the promises were kept.
func demoCommand([]string) int {
	ctx, cancel := context.WithTimeout(context.Background(), demoTime)
	defer cancel()
	stage, err := newStage()
	if err != nil {
		complain("cannot set up the demo: "+err.Error(), "")
		return 1
	}
	defer stage.close()
	err = errors.Join(stage.firstAct(ctx), stage.secondAct(ctx))
	if err = errors.Join(err, stage.verdict()); err != nil {
		fmt.Println("\nBROKEN: " + strings.ReplaceAll(err.Error(), "\n", "; "))
		return 1
	}
	fmt.Println("\nNo registration is left on GitHub, no job was lost, and both containers ended with exit code 0.")
	return 0
}

// stage is where the demo plays: a simulated GitHub and a directory with a simulated runner.
type stage struct {
	github *github.Server
	server *http.Server
	url    string
	dir    string
	line   *timeline
}

// demoPAT opens the simulated GitHub and nothing else.
const demoPAT = "pat-for-the-demo-only"

func newStage() (*stage, error) {
	dir, err := os.MkdirTemp("", "runner-init-demo-")
	if err != nil {
		return nil, err
	}
	// The job's user, where we are root, has to find its way to the runner.
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, err
	}
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &stage{github: github.New(github.Options{}), dir: dir, url: "http://" + socket.Addr().String(), line: newTimeline(os.Stdout)}
	s.github.AddPAT(demoPAT, github.Classic("repo").Named("demo"))
	s.github.OnAnswer(s.line.answer)
	s.server = &http.Server{Handler: s.github}
	go s.server.Serve(socket)
	return s, nil
}

func (s *stage) close() {
	s.server.Close()
	os.RemoveAll(s.dir)
}

// firstAct: a job comes, is done, and the runner is gone.
func (s *stage) firstAct(ctx context.Context) error {
	s.line.title("Act 1: one job, from registration to nothing left")
	job := s.github.Queue(github.Job{Name: "build", Scope: "repos/acme/widgets", Labels: []string{"self-hosted"}, Run: "echo hello"})
	defer s.line.print()
	p, err := s.start(ctx, "first")
	if err != nil {
		return err
	}
	return errors.Join(p.ended(), s.result(ctx, job))
}

// secondAct: the runner is stopped in the middle of a job, which comes to its end all the same.
func (s *stage) secondAct(ctx context.Context) error {
	s.line.title("Act 2: `docker stop` in the middle of a job")
	job := s.github.Queue(github.Job{Name: "deploy", Scope: "repos/acme/widgets", Labels: []string{"self-hosted"}, Run: "sleep 2"})
	defer s.line.print()
	p, err := s.start(ctx, "second")
	if err != nil {
		return err
	}
	if err := errors.Join(job.Reached(ctx, github.Running), p.stop()); err != nil {
		p.kill()
		return err
	}
	return errors.Join(p.ended(), s.result(ctx, job))
}

// result is an error unless the job succeeded.
func (s *stage) result(ctx context.Context, job *github.JobRun) error {
	result := job.Wait(ctx)
	s.line.note("GitHub", fmt.Sprintf("job %q: %s", job.Name, result))
	if result != github.Succeeded {
		return fmt.Errorf("job %q: %s", job.Name, result)
	}
	return nil
}

// verdict is an error if a registration is left.
func (s *stage) verdict() error {
	if left := s.github.Runners(); len(left) > 0 {
		return fmt.Errorf("%d registrations are left on GitHub", len(left))
	}
	return nil
}

// start starts a runner of its own in a container's stead.
func (s *stage) start(ctx context.Context, name string) (*play, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	root := filepath.Join(s.dir, name)
	if err := simrunner.Install(root, exe); err != nil {
		return nil, err
	}
	environ := []string{
		"PATH=" + os.Getenv("PATH"), "GITHUB_API_URL=" + s.url, "GITHUB_TOKEN=" + demoPAT, "RUNNER_REPO=acme/widgets",
		"RUNNER_NAME_PREFIX=" + name, "RUNNER_HOME=" + root, "RUNNER_LOG_FORMAT=json", "RUNNER_STOP_TIMEOUT=20s",
	}
	return begin(ctx, exe, root, environ, s.line)
}

// stop is what `docker stop` sends.
func (p *play) stop() error {
	p.line.note("you", "docker stop: SIGTERM to PID 1")
	return syscall.Kill(p.init, syscall.SIGTERM)
}
