package main

import (
	"crypto/rand"
	"os"
	"strings"

	"github.com/runner-init/runner-init/internal/config"
)

// nameTries bounds how many names are tried, each with new random characters, because the one before was taken.
const nameTries = 3

// runnerName returns the name for the try-th attempt to register, counted from 0. A name that is given is kept as it
// is, unless a suffix is asked for or it turned out to be taken; a prefix always gets one.
func runnerName(c config.Config, try int) string {
	base, named := c.NamePrefix, false
	if c.Name != "" {
		base, named = c.Name, true
	}
	switch {
	case c.NameSuffix == config.SuffixHostname && try == 0:
		host, _ := os.Hostname()
		return withSuffix(base, host)
	case c.NameSuffix == config.SuffixNever, c.NameSuffix == config.SuffixAuto && named && try == 0:
		return base
	}
	return withSuffix(base, randomSuffix())
}

func withSuffix(base, suffix string) string {
	if suffix == "" {
		return base
	}
	suffix = suffix[:min(len(suffix), config.MaxName/2)]
	return base[:min(len(base), config.MaxName-1-len(suffix))] + "-" + suffix
}

// randomSuffix returns 13 characters: 65 bits, so that no two runners of a fleet ever meet.
func randomSuffix() string { return strings.ToLower(rand.Text()[:13]) }
