package main

import (
	"strings"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/config"
)

// A name tells when it was made, to whoever knows what it was made of, and to nobody else.
func TestNamesTellTheirAge(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 30, 59, 0, time.UTC)
	for _, base := range []string{"github-runner", "p", strings.Repeat("long-", 20)} {
		name := withSuffix(base, newSuffix(now))
		born, ok := bornAt(name, base, now)
		if !ok || !born.Equal(now.Truncate(time.Minute)) || len(name) > config.MaxName {
			t.Errorf("%s: %v, %v", name, born, ok)
		}
		if _, ok := bornAt(name, base+"-x", now); ok && len(base) < 40 {
			t.Errorf("%s is taken for one of another prefix", name)
		}
	}
	for _, name := range []string{
		"github-runner", "github-runner-", "github-runner-7", "github-runner-ip-10-0-0-1", "github-runner-aaaaaaaaaaaaa", "github-runner-7777777777777",
		"github-runner-2b6f1c9a3d4e5f60718293a4b5c6d7e8", "other-" + newSuffix(now), "github-runner-x-" + newSuffix(now), "github-runner-" + strings.ToUpper(newSuffix(now)),
	} {
		if born, ok := bornAt(name, "github-runner", now); ok {
			t.Errorf("%s is taken for one of ours, of %v", name, born)
		}
	}
}

func TestNames(t *testing.T) {
	for name, c := range map[string]struct {
		config config.Config
		try    int
		exact  string // empty: base, dash, suffix
		base   string
	}{
		"prefix":             {config.Config{NamePrefix: "p", NameSuffix: config.SuffixAuto}, 0, "", "p"},
		"name":               {config.Config{Name: "n", NamePrefix: "p", NameSuffix: config.SuffixAuto}, 0, "n", ""},
		"name that is taken": {config.Config{Name: "n", NamePrefix: "p", NameSuffix: config.SuffixAuto}, 1, "", "n"},
		"always":             {config.Config{Name: "n", NameSuffix: config.SuffixAlways}, 0, "", "n"},
		"never":              {config.Config{NamePrefix: "p", NameSuffix: config.SuffixNever}, 2, "p", ""},
	} {
		got := runnerName(c.config, c.try)
		_, ours := bornAt(got, c.base, time.Now())
		if c.exact != "" && got != c.exact || c.exact == "" && !ours {
			t.Errorf("%s: got %q", name, got)
		}
	}
}
