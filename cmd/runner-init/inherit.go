package main

import (
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/runner-init/runner-init/signals"
)

// Descriptors that the init gives to a role, in the order in which startRole passes them.
const (
	environmentFD = 3 + iota
	journalFD
	readyFD
)

// inherit takes over what the init gives us, keeps it from every child of ours, and says that signals may come now.
func (s *supervisor) inherit() error {
	if err := signals.Undumpable(); err != nil {
		return err
	}
	signals.CloseOnExec(environmentFD, journalFD, readyFD)
	environment := os.NewFile(environmentFD, "environment")
	block, err := signals.Contents(environment)
	if err == nil {
		s.environ, err = signals.DecodeEnviron(block)
	}
	if err != nil {
		return errors.New("this process was not started by an init")
	}
	environment.Close()
	adoptEnviron(s.environ)
	s.journal = journal{os.NewFile(journalFD, "journal")}
	ready := os.NewFile(readyFD, "ready")
	defer ready.Close()
	_, err = ready.Write([]byte{1})
	return err
}

// adopted are the variables of the container that the libraries read in this process.
var adopted = []string{
	"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", "TZ",
}

// adoptEnviron sets those variables in this process, whose own environment is bare. They live on the heap only:
// /proc/PID/environ goes on showing the block that the kernel was given.
func adoptEnviron(environ []string) {
	for _, kv := range environ {
		if name, value, ok := strings.Cut(kv, "="); ok && slices.Contains(adopted, name) {
			os.Setenv(name, value)
		}
	}
}
