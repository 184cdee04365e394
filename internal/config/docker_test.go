package config_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/config"
)

func TestDockerTimeout(t *testing.T) {
	for environ, want := range map[string]time.Duration{
		"": time.Minute, "RUNNER_START_TIMEOUT=30s": 15 * time.Second, "RUNNER_DOCKER=dind RUNNER_DOCKER_TIMEOUT=20s RUNNER_START_TIMEOUT=30s": 20 * time.Second,
	} {
		if got := load(t, append(strings.Fields(environ), minimal...)...).DockerTimeout; got != want {
			t.Errorf("%q: got %s, want %s", environ, got, want)
		}
	}
}

// What the daemon would refuse, or do without a word, is refused before.
func TestDockerMistakes(t *testing.T) {
	for environ, names := range map[string][]string{
		"RUNNER_DOCKER=yes": {"RUNNER_DOCKER"}, "START_DOCKER_SERVICE=dind": {"START_DOCKER_SERVICE"}, "DOCKER_ENABLED=maybe": {"DOCKER_ENABLED"},
		"RUNNER_DOCKER=dind RUNNER_DOCKER_TIMEOUT=0": {"RUNNER_DOCKER_TIMEOUT"}, "RUNNER_DOCKER=dind RUNNER_DOCKER_TIMEOUT=2m": {"RUNNER_DOCKER_TIMEOUT", "RUNNER_START_TIMEOUT"},
		`RUNNER_DOCKER=dind RUNNER_DOCKER_ARGS=--log-opt="max-size=1m"`:       {"RUNNER_DOCKER_ARGS"},
		"RUNNER_DOCKER=dind RUNNER_DOCKER_MIRRORS=mirror.example.com":         {"RUNNER_DOCKER_MIRRORS"},
		"RUNNER_DOCKER=dind RUNNER_DOCKER_MIRRORS=https://m.example.com/path": {"RUNNER_DOCKER_MIRRORS"},
		"RUNNER_DOCKER=dind RUNNER_DOCKER_ADDRESS_POOLS=10.0.0.0/16":          {"RUNNER_DOCKER_ADDRESS_POOLS"},
		"RUNNER_DOCKER=dind RUNNER_DOCKER_ADDRESS_POOLS=10.0.0.0/16:8":        {"RUNNER_DOCKER_ADDRESS_POOLS"},
		"RUNNER_DOCKER=dind RUNNER_DOCKER_ADDRESS_POOLS=10.0.0.0/16:33":       {"RUNNER_DOCKER_ADDRESS_POOLS"},
		"RUNNER_DOCKER=dind DOCKER_DEFAULT_ADDRESS_POOL_BASE=10.0.0.0/16":     {"DOCKER_DEFAULT_ADDRESS_POOL_BASE"},
		"RUNNER_DOCKER=dind DOCKER_DEFAULT_ADDRESS_POOL_SIZE=24":              {"DOCKER_DEFAULT_ADDRESS_POOL_SIZE"},
	} {
		got := problems(t, append(strings.Fields(environ), minimal...)...)
		if len(got) != 1 || !slices.Equal(got[0].Variables, names) || got[0].Hint == "" {
			t.Errorf("%s: %v, want one about %q", environ, got, names)
		}
	}
}

// A variable that says that there is a daemon elsewhere does not start another one here.
func TestDockerElsewhere(t *testing.T) {
	if c := load(t, append([]string{"DOCKER_ENABLED=true", "DOCKER_HOST=tcp://localhost:2376"}, minimal...)...); c.Docker != config.DockerOff {
		t.Errorf("got %q", c.Docker)
	}
	for environ, warns := range map[string]string{
		"RUNNER_DOCKER=dind DOCKER_HOST=tcp://localhost:2376":        "another daemon",
		"RUNNER_DOCKER=dind DOCKER_HOST=unix:///var/run/docker.sock": "",
		"RUNNER_DOCKER_ARGS=--debug":                                 "RUNNER_DOCKER_ARGS has no effect",
		"DOCKER_REGISTRY_MIRROR=https://m.example.com":               "DOCKER_REGISTRY_MIRROR has no effect",
	} {
		c, err := config.Load(append(strings.Fields(environ), minimal...))
		if err != nil {
			t.Errorf("%s: %v", environ, err)
		}
		got := c.Warnings()
		if warns == "" && len(got) > 0 || warns != "" && (len(got) != 1 || !strings.Contains(got[0], warns)) {
			t.Errorf("%s: warnings %q, want one of %q", environ, got, warns)
		}
	}
}
