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
		got := runnerName(c.config, "", c.try)
		_, ours := bornAt(got, c.base, time.Now())
		if c.exact != "" && got != c.exact || c.exact == "" && !ours {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

// On a platform the name has the id of the task or the pod, and tells its age all the same.
func TestNamesOfAPlatform(t *testing.T) {
	const id = "158d1c8083dd49d6b527399fd6414f5c"
	auto := func(prefix, name string) config.Config {
		return config.Config{NamePrefix: prefix, Name: name, NameSuffix: config.SuffixAuto}
	}
	long := strings.Repeat("long-", 20)
	for name, c := range map[string]struct {
		config   config.Config
		id       string
		try      int
		begins   string
		ageOf    string // the prefix by which the age is told; empty: it is not
		stranger string
	}{
		"prefix":             {auto("github-runner", ""), id, 0, "github-runner-" + id + "-", "github-runner", "github"},
		"long prefix":        {auto(long, ""), id, 0, long[:20] + "-" + id + "-", long, "long"},
		"short id":           {auto("p", ""), "7", 0, "p-7-", "p", "p-7"},
		"name that is taken": {auto("p", ""), id, 1, "p-", "p", "p-" + id},
		"name":               {auto("p", "n"), id, 0, "n", "", "n"},
		"no id":              {auto("p", ""), "my-pod", 0, "p-", "p", "p-my-pod"},
		"too long":           {auto("p", ""), id + "0", 0, "p-", "p", "p-" + id},
	} {
		got := runnerName(c.config, c.id, c.try)
		born, ok := bornAt(got, c.ageOf, time.Now())
		if !strings.HasPrefix(got, c.begins) || len(got) > config.MaxName || ok != (c.ageOf != "") || ok && time.Since(born) > 2*time.Minute {
			t.Errorf("%s: %q, %v, %v", name, got, born, ok)
		}
		if strings.Contains(got, id) != (c.id == id && c.try == 0 && c.ageOf != "") {
			t.Errorf("%s: %q", name, got)
		}
		if c.begins == "github-runner-"+id+"-" && runnerName(c.config, c.id, c.try) == got {
			t.Errorf("%s: two runners of one task are called %q", name, got)
		}
		if _, ok := bornAt(got, c.stranger, time.Now()); ok {
			t.Errorf("%s: %q is taken for one of the prefix %q", name, got, c.stranger)
		}
	}
}
