package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/runner-init/runner-init/internal/config"
	"github.com/runner-init/runner-init/lifecycle"
	"github.com/runner-init/runner-init/registration"
)

const sweepUsage = "runner-init sweep [--apply] [--older-than 1h] [--prefix P]"

// sweeping is what a sweep looks for: names made of a prefix, by their age.
type sweeping struct {
	prefix    string
	olderThan time.Duration
	now       time.Time
	ageless   int // offline and with the prefix, but with a name that does not tell its age
}

// chooses reports whether a registration was left behind: what has just been made may be about to come online. A name
// that tells no age is nobody's to judge, unless age does not matter.
func (s *sweeping) chooses(r registration.Runner) bool {
	if born, ours := bornAt(r.Name, s.prefix, s.now); ours {
		return s.now.Sub(born) >= s.olderThan
	}
	if !strings.HasPrefix(r.Name, strings.TrimSuffix(s.prefix, "-")+"-") {
		return false
	}
	if s.olderThan > 0 {
		s.ageless++
	}
	return s.olderThan == 0
}

// age is for people.
func (s *sweeping) age(r registration.Runner) string {
	born, ours := bornAt(r.Name, s.prefix, s.now)
	if !ours {
		return "of unknown age"
	}
	return strings.TrimSuffix(s.now.Sub(born).Truncate(time.Minute).String(), "0s") + " old"
}

// sweepAge is what a registration has to have lived, where nobody says otherwise. A boot takes minutes at most.
const sweepAge = time.Hour

// sweepCommand deletes the registrations that killed containers have left behind, or tells which it would.
func sweepCommand(args []string) int {
	flags := flag.NewFlagSet("sweep", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	apply := flags.Bool("apply", false, "")
	olderThan := flags.Duration("older-than", sweepAge, "")
	prefix := flags.String("prefix", "", "")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 || *olderThan < 0 {
		return usageError(fmt.Sprintf("sweep: cannot understand %q", args), sweepUsage)
	}
	c, err := config.Load(os.Environ())
	if err != nil {
		complainAll(err)
		return int(lifecycle.Misconfigured)
	}
	client, err := newClient(c, newLogger(c, os.Stderr))
	if err != nil {
		complain(err.Error(), "")
		return int(lifecycle.Misconfigured)
	}
	if client == nil {
		complain("cannot sweep: there is no credential for GitHub's API", "set GITHUB_TOKEN, or GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY")
		return int(lifecycle.Misconfigured)
	}
	s := &sweeping{prefix: *prefix, olderThan: *olderThan, now: time.Now()}
	if s.prefix == "" {
		s.prefix, _ = nameBase(c)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	return s.run(ctx, client, *apply, c.Scope.String())
}

// run sweeps and tells what it does, line by line.
func (s *sweeping) run(ctx context.Context, client *registration.Client, apply bool, scope string) int {
	done, err := client.Sweep(ctx, registration.Sweep{Choose: s.chooses, Apply: apply, Tell: func(r registration.Runner, v registration.Verdict) {
		fmt.Printf("%s, id %d, offline, %s: %s\n", r.Name, r.ID, s.age(r), sweepWords[v])
	}})
	if done.Seen > 0 || err == nil {
		s.sum(done, apply, scope)
	}
	if err != nil {
		code, hint := verdict(err)
		complain(err.Error(), hint)
		return int(code)
	}
	if !apply && done.Chosen > 0 {
		fmt.Println("nothing was deleted; --apply deletes")
	}
	return int(lifecycle.OK)
}

// sum tells how far it came.
func (s *sweeping) sum(done registration.Swept, apply bool, scope string) {
	fmt.Printf("%d registrations at %s, %d of them offline, idle and left behind under the prefix %q", done.Seen, scope, done.Chosen, s.prefix)
	if apply {
		fmt.Printf(": %d deleted, %d gone meanwhile, %d with a job meanwhile", done.Deleted, done.Absent, done.Busy)
	}
	fmt.Println()
	if s.ageless > 0 {
		fmt.Printf("%d more begin with %q and are offline, but their names do not tell their age; --older-than 0 takes them too\n", s.ageless, s.prefix)
	}
}

// sweepWords says what became of a registration.
var sweepWords = map[registration.Verdict]string{
	"": "would be deleted", registration.Gone: "deleted", registration.Absent: "gone meanwhile", registration.Busy: "has a job now",
}

// sweepOnce is the sweep of RUNNER_SWEEP. A stop ends it; whatever it has not done, the next one does.
func sweepOnce(ctx context.Context, client *registration.Client, c config.Config, log *slog.Logger) {
	s := &sweeping{olderThan: sweepAge, now: time.Now()}
	s.prefix, _ = nameBase(c)
	done, err := client.Sweep(ctx, registration.Sweep{Choose: s.chooses, Apply: true})
	attrs := []any{
		slog.Int("seen", done.Seen), slog.Int("chosen", done.Chosen), slog.Int("deleted", done.Deleted), slog.Int("ageless", s.ageless),
	}
	switch {
	case errors.Is(err, context.Canceled):
		log.Info("sweep interrupted", attrs...)
	case err != nil:
		log.Warn("sweep failed", append(attrs, slog.Any(keyError, err))...)
	default:
		log.Info("swept", attrs...)
	}
}
