package main

import (
	"os"
	"slices"
	"strings"

	"github.com/runner-init/runner-init/signals"
)

// inherit takes over what the init gives us, and says that signals may come now.
func (s *supervisor) inherit() error {
	parent, err := signals.Inherit()
	if err != nil {
		return err
	}
	os.Stderr = parent.Stderr // descriptor 2 is where the runtime prints what it dies of
	s.environ, s.lastWords = parent.Environ, parent.LastWords
	adoptEnviron(s.environ)
	s.journal = journal{parent}
	return parent.Ready()
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
