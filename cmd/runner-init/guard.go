package main

import (
	"bytes"
	"log"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"syscall"

	"github.com/runner-init/runner-init/internal/mask"
	"github.com/runner-init/runner-init/internal/runner"
	"github.com/runner-init/runner-init/lifecycle"
)

// guard puts the mask between us and the world: from here on everything that we print goes through it. The listener's
// output is its own, and does not.
func (s *supervisor) guard() {
	s.mask = mask.New(slices.Concat(s.config.Secrets(), proxySecrets(s.environ), runner.JITSecrets(s.config.JITConfig.Reveal()))...)
	for _, secret := range s.journal.secrets() { // of a supervisor before us
		s.mask.Add(secret)
	}
	s.log = newLogger(s.config, s.mask.Writer(s.outlet))
	log.SetFlags(0) // what libraries say by package log would go to descriptor 2, where nobody reads it
	log.SetOutput(slog.NewLogLogger(s.log.Handler(), slog.LevelWarn).Writer())
	for _, secret := range s.config.Secrets() {
		within := func(kv string) bool { return strings.Contains(kv, secret) }
		if !slices.ContainsFunc(s.environ, within) { // out of a file, or from AWS, which a successor may find gone
			s.learn(secret)
		}
	}
	s.armCrash()
}

// learn makes a secret known that GitHub has handed out, also to a successor.
func (s *supervisor) learn(secret string) {
	if err := s.journal.keepSecrets(memorize(s.mask, secret)); err != nil {
		s.log.Warn("cannot note a token", slog.Any(keyError, err))
	}
}

// memorize makes a secret known to a mask, and what is inside it. It returns all that was added.
func memorize(m *mask.Mask, secret string) (known []string) {
	for _, inner := range runner.JITSecrets(secret) {
		m.Add(inner)
	}
	return m.Add(secret)
}

func (s *supervisor) voice() voice { return voice{s.mask} }

// proxySecrets returns the passwords of the proxies, which errors of net/http may repeat.
func proxySecrets(environ []string) (secrets []string) {
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		if u, err := url.Parse(value); err == nil && strings.HasSuffix(strings.ToUpper(name), "_PROXY") {
			if password, set := u.User.Password(); set {
				secrets = append(secrets, password)
			}
		}
	}
	return secrets
}

// maxCause and maxStack bound what is logged of a crash, in bytes: a stack that has overflowed is long.
const maxCause, maxStack = 4 << 10, 16 << 10

// died is the end of the program because of that of the supervisor before us.
func (w *wiring) died() lifecycle.Exit {
	exit := lifecycle.Exit{Code: lifecycle.RunnerFailed, Reason: w.death("the supervisor died")}
	if w.journal.Death().Signal() != syscall.SIGKILL || w.listener.trail.Kills == nil {
		return exit
	}
	if done := killsSince(kernelFiles, *w.listener.trail.Kills); done != "" {
		return lifecycle.Exit{Code: lifecycle.MemoryExhausted, Reason: exit.Reason + ": the OOM killer struck: " + done}
	}
	return exit
}

// death logs what the role before us died of, as far as it could say, and returns the reason for the exit.
func (s *supervisor) death(died string) string {
	words, stack, _ := bytes.Cut(bytes.TrimSpace(s.lastWords), []byte("\n\n"))
	if len(words) == 0 { // killed, or out of memory
		return died
	}
	words, stack = words[:min(len(words), maxCause)], stack[:min(len(stack), maxStack)]
	s.log.Error("supervisor crashed", slog.String(keyError, string(words)), slog.String(keyStack, string(stack)))
	first, _, _ := strings.Cut(s.mask.String(string(words)), "\n")
	return died + ": " + first
}
