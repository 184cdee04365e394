package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
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
	apply     bool
	now       time.Time
	out       io.Writer
	voice     voice
	ageless   int // offline and with the prefix, but with a name that does not tell its age
}

// sweepAge is what a registration has to have lived, where nobody says otherwise. A boot takes minutes at most.
const sweepAge = time.Hour

// readSweep reads the arguments of the command.
func readSweep(args []string) (*sweeping, error) {
	s := &sweeping{olderThan: sweepAge, now: time.Now(), out: os.Stdout}
	flags := flag.NewFlagSet("sweep", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.BoolVar(&s.apply, "apply", false, "")
	flags.Func("older-than", "", func(value string) (err error) {
		if s.olderThan, err = config.ParseDuration(value); err == nil && s.olderThan < 0 {
			err = errors.New("it is below zero")
		}
		return err
	})
	flags.Func("prefix", "", func(value string) error {
		if s.prefix = value; value == "" {
			return errors.New("it is empty, which is the prefix of everybody's runners")
		}
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("cannot understand %q", flags.Args())
	}
	return s, nil
}

// born is when a name was made under the prefix, which may have been given with the dash that follows it.
func (s *sweeping) born(name string) (time.Time, bool) {
	if at, ours := bornAt(name, s.prefix, s.now); ours {
		return at, true
	}
	return bornAt(name, strings.TrimSuffix(s.prefix, "-"), s.now)
}

// chooses reports whether a registration was left behind: what has just been made may be about to come online. A name
// that tells no age is nobody's to judge, unless age does not matter.
func (s *sweeping) chooses(r registration.Runner) bool {
	if born, ours := s.born(r.Name); ours {
		return s.now.Sub(born) >= s.olderThan
	}
	base := strings.TrimSuffix(s.prefix, "-")
	if r.Name != base && !strings.HasPrefix(r.Name, base+"-") {
		return false
	}
	if s.olderThan > 0 {
		s.ageless++
	}
	return s.olderThan == 0
}

// age is for people.
func (s *sweeping) age(r registration.Runner) string {
	born, ours := s.born(r.Name)
	if !ours {
		return "of unknown age"
	}
	return strings.TrimSuffix(s.now.Sub(born).Truncate(time.Minute).String(), "0s") + " old"
}

// sweepCommand deletes the registrations that killed containers have left behind, or tells which it would.
func sweepCommand(args []string) int {
	s, err := readSweep(args)
	if err != nil {
		return usageError("sweep: "+err.Error(), sweepUsage)
	}
	ctx, stop := interruptible()
	defer stop()
	c, err := loadConfig(ctx, os.Environ())
	s.voice = voiceOf(c)
	if signal, stopped := signalled(ctx); stopped {
		return signal.code()
	}
	if err != nil {
		s.voice.complainAll(err)
		return int(misconfigured(err))
	}
	client, err := newClient(c, newLogger(c, s.voice.mask.Writer(os.Stderr)), s.voice.learn, nil)
	if err != nil {
		s.voice.complain(err.Error(), "")
		return int(lifecycle.Misconfigured)
	}
	if client == nil {
		complain("cannot sweep: there is no credential for GitHub's API", "set GITHUB_TOKEN, or GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY")
		return int(lifecycle.Misconfigured)
	}
	if s.prefix == "" {
		s.prefix, _ = nameBase(c)
	}
	return s.run(ctx, client, c)
}

// run sweeps and tells what it does, line by line, and how far it came, whatever ended it.
func (s *sweeping) run(ctx context.Context, client *registration.Client, c config.Config) int {
	tell := func(r registration.Runner, v registration.Verdict) {
		fmt.Fprintf(s.out, "%s, id %d, offline, %s: %s\n", r.Name, r.ID, s.age(r), sweepWords[v])
	}
	done, err := client.Sweep(ctx, registration.Sweep{Choose: s.chooses, Apply: s.apply, Tell: tell, First: c.StartTimeout})
	signal, stopped := signalled(ctx)
	if done.Seen > 0 || err == nil || stopped {
		s.sum(done, c.Scope.String())
	}
	switch {
	case err == nil:
		return int(lifecycle.OK)
	case stopped:
		complain("the sweep did not come to its end: "+signal.Error(), "what is left is the next sweep's")
		return signal.code()
	}
	code, hint := verdict(err)
	s.voice.complain(err.Error(), hint)
	return int(code)
}

// sum tells how far it came.
func (s *sweeping) sum(done registration.Swept, scope string) {
	fmt.Fprintf(s.out, "%d registrations at %s, %d of them offline, idle and left behind under the prefix %q", done.Seen, scope, done.Chosen, s.prefix)
	if s.apply {
		fmt.Fprintf(s.out, ": %d deleted, %d gone meanwhile, %d with a job meanwhile", done.Deleted, done.Absent, done.Busy)
	}
	fmt.Fprintln(s.out)
	if s.ageless > 0 {
		fmt.Fprintf(s.out, "%d more begin with %q and are offline, but their names do not tell their age; --older-than 0 takes them too\n", s.ageless, s.prefix)
	}
	if !s.apply && done.Chosen > 0 {
		fmt.Fprintln(s.out, "nothing was deleted; --apply deletes")
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
	done, err := client.Sweep(ctx, registration.Sweep{Choose: s.chooses, Apply: true, First: c.StartTimeout})
	attrs := []any{
		slog.Int(keySeen, done.Seen), slog.Int(keyChosen, done.Chosen), slog.Int(keyDeleted, done.Deleted), slog.Int(keyAgeless, s.ageless),
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
