//go:build crashtest

package main

import (
	"errors"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
)

// crashCommands returns a command that panics with the token.
func crashCommands() []command {
	return []command{{name: "panic", run: func([]string) int { panic(errors.New("crash test: " + os.Getenv("GITHUB_TOKEN"))) }}}
}

// armCrash makes the supervisor crash on a signal, from a goroutine of its own and with every secret that it knows in its
// last words: USR1 is a panic with an error, USR2 one with a value, HUP an error of the runtime that nobody can recover from.
// The successor does the same, and does not crash: PID 1 gives it none but the stop signals of its predecessor. ALRM has the next one hang who writes to the log.
func (s *supervisor) armCrash() {
	s.tellHeap()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGHUP, syscall.SIGALRM)
	go func() {
		received := <-signals
		secrets := strings.Join(append(s.config.Secrets(), s.mask.Add("")...), "\n")
		switch received {
		case syscall.SIGUSR1:
			panic(errors.New("crash test: " + secrets))
		case syscall.SIGUSR2:
			panic("crash test: " + secrets)
		case syscall.SIGHUP:
			println("crash test: ", secrets)
			new(sync.Mutex).Unlock()
		case syscall.SIGALRM:
			os.Stderr.WriteString("the log hangs\n")
			s.outlet.mu.Lock()
		}
	}()
}
