package config_test

import (
	"slices"
	"testing"

	"github.com/runner-init/runner-init/internal/config"
)

func TestUnknownVariables(t *testing.T) {
	for environ, want := range map[string]string{
		"RUNNER_LABLES=a":                      "RUNNER_LABLES is not known; did you mean RUNNER_LABELS?",
		"RUNNER_EPHEMERIAL=true":               "RUNNER_EPHEMERIAL is not known; did you mean RUNNER_EPHEMERAL?",
		"RUNNER_TOKENS=" + canary:              "RUNNER_TOKENS is not known; did you mean RUNNER_TOKEN?",
		"RUNNER_FAVOURITE_COLOUR=blue":         "RUNNER_FAVOURITE_COLOUR is not known",
		"ACTIONS_RUNNER_INPUT_LABELS=a":        "ACTIONS_RUNNER_INPUT_LABELS is not used: the runner is configured by our own variables",
		"RUNNER_ALLOW_RUNASROOT=1":             "",
		"RUNNER_TOOL_CACHE=/opt":               "",
		"RUNNER_TRACKING_ID=0":                 "",
		"RUNNER_MANUALLY_TRAP_SIG=1":           "",
		"RUNNER_VERSION=2.336.0":               "",
		"ACTIONS_RUNNER_HOOK_JOB_STARTED=/x":   "",
		"RUNNER_CACHE_SERVICE_HOST=10.0.0.1":   "",
		"RUNNER_CACHE_PORT_443_TCP=tcp://10.0": "",
		"RUNNER_LABLES=":                       "",
		"RUNNERS=3":                            "",
		"GITHUB_TOKE=" + canary:                "GITHUB_TOKE is not known; did you mean GITHUB_TOKEN?",
		"GITHUB_TOKNE_FILE=/x":                 "GITHUB_TOKNE_FILE is not known; did you mean GITHUB_TOKEN_FILE?",
		"RUNNER_LABLES_FILE=/x":                "RUNNER_LABLES_FILE is not known; did you mean RUNNER_LABELS_FILE?",
		"RUNNER_GRUOP_VALUE_FROM=x":            "RUNNER_GRUOP_VALUE_FROM is not known; did you mean RUNNER_GROUP_VALUE_FROM?",
		"ACCES_TOKEN=x":                        "ACCES_TOKEN is not known; did you mean ACCESS_TOKEN?",
		"GH_RUNNER_LABEL=x":                    "GH_RUNNER_LABEL is not known; did you mean GH_RUNNER_LABELS?",
		"runner_labels=a":                      "runner_labels is not known; did you mean RUNNER_LABELS?",
		"RUNNER_LABELS =a":                     "RUNNER_LABELS  is not known; did you mean RUNNER_LABELS?",
		"\ufeffRUNNER_GROUP=a":                 "\ufeffRUNNER_GROUP is not known; did you mean RUNNER_GROUP?",
		"APP_UID=1654":                         "",
		"GITHUB_PATH=/x":                       "",
		"LOGLEVEL=debug":                       "",
		"LABEL=x":                              "",
		"GITHUB_ACTIONS=true":                  "",
	} {
		c, err := config.Load(append(minimal, environ))
		if err != nil {
			t.Errorf("%s: %v", environ, err)
		}
		if want == "" {
			if len(c.Warnings()) != 0 {
				t.Errorf("%s: got %q", environ, c.Warnings())
			}
			continue
		}
		if !slices.Equal(c.Warnings(), []string{want}) {
			t.Errorf("%s:\ngot  %q\nwant %q", environ, c.Warnings(), want)
		}
	}
}
