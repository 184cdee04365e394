package runner

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// root is the runner's directory: the parent of the one that holds the executable.
type root string

func (r root) path(elements ...string) string {
	return filepath.Join(append([]string{string(r)}, elements...)...)
}

func (r root) has(name string) bool {
	_, err := os.Stat(r.path(name))
	return err == nil
}

// work is the directory that jobs work in, relative to the root or absolute.
func (r root) work(set *settings) string {
	if filepath.IsAbs(set.WorkFolder) {
		return set.WorkFolder
	}
	return r.path(set.WorkFolder)
}

// bom starts every file that the runner itself writes; those of a JIT configuration have none.
var bom = []byte("\ufeff")

// settings is .runner. Reading takes any case of the keys and any JSON type of the values.
type settings struct {
	AgentID        int64  `json:"agentId,omitempty"`
	AgentName      string `json:"agentName,omitempty"`
	PoolID         int64  `json:"poolId,omitempty"`
	PoolName       string `json:"poolName,omitempty"`
	DisableUpdate  bool   `json:"disableUpdate,omitempty"`
	Ephemeral      bool   `json:"ephemeral,omitempty"`
	ServerURL      string `json:"serverUrl,omitempty"`
	GitHubURL      string `json:"gitHubUrl,omitempty"`
	WorkFolder     string `json:"workFolder,omitempty"`
	UseV2Flow      bool   `json:"useV2Flow,omitempty"`
	RunnerAdmin    bool   `json:"useRunnerAdminFlow,omitempty"`
	ServerURLV2    string `json:"serverUrlV2,omitempty"`
	MonitorAddress string `json:"monitorSocketAddress,omitempty"`
}

// credentials is .credentials; the keys of Data are lower case after reading.
type credentials struct {
	Scheme string            `json:"scheme"`
	Data   map[string]string `json:"data"`
}

func (r root) readSettings() (*settings, error) {
	values, err := r.readObject(".runner")
	if err != nil {
		return nil, err
	}
	text := func(key string) string { return asText(values[key]) }
	number := func(key string) int64 {
		n, err := strconv.ParseInt(text(key), 10, 64)
		if err != nil {
			return 0
		}
		return n
	}
	truth := func(key string) bool { return strings.EqualFold(text(key), "true") }
	return &settings{
		AgentID: number("agentid"), AgentName: text("agentname"), PoolID: number("poolid"), PoolName: text("poolname"),
		DisableUpdate: truth("disableupdate"), Ephemeral: truth("ephemeral"), ServerURL: text("serverurl"),
		GitHubURL: text("githuburl"), WorkFolder: orText(text("workfolder"), "_work"), UseV2Flow: truth("usev2flow"),
		RunnerAdmin: truth("userunneradminflow"), ServerURLV2: text("serverurlv2"), MonitorAddress: text("monitorsocketaddress"),
	}, nil
}

func (r root) readCredentials() (*credentials, error) {
	values, err := r.readObject(".credentials")
	if err != nil {
		return nil, err
	}
	c := &credentials{Scheme: asText(values["scheme"]), Data: map[string]string{}}
	data, _ := values["data"].(map[string]any)
	for key, value := range data {
		c.Data[strings.ToLower(key)] = asText(value)
	}
	return c, nil
}

// readObject reads a JSON object with or without a byte order mark; the keys become lower case.
func (r root) readObject(name string) (map[string]any, error) {
	text, err := os.ReadFile(r.path(name))
	if err != nil {
		return nil, err
	}
	var values, lower map[string]any
	if err := json.Unmarshal(bytes.TrimPrefix(text, bom), &values); err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", name, err)
	}
	lower = map[string]any{}
	for key, value := range values {
		lower[strings.ToLower(key)] = value
	}
	return lower, nil
}

func asText(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatInt(int64(v), 10)
	}
	return fmt.Sprint(value)
}

// writeObject writes a file as the runner does: byte order mark, indented JSON.
func (r root) writeObject(name string, v any, mode fs.FileMode) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(r.path(name), slices.Concat(bom, text), mode); err != nil {
		return err
	}
	if mode == 0o600 {
		return os.Chmod(r.path(name), mode) // the runner calls chmod; an existing file may be wider
	}
	return nil
}

// identity are the files that make a directory a configured runner.
var identity = []string{".credentials", ".credentials_migrated", ".credentials_rsaparams", ".runner", ".runner_migrated"}

// forget deletes the identity and says so in the words of the official runner.
func (r root) forget(t *terminal) error {
	var failed error
	for _, name := range identity {
		err := os.Remove(r.path(name))
		switch {
		case name != ".runner" && name != ".credentials":
		case err == nil:
			t.done("Removed %s", name)
		default:
			t.line("Does not exist. Skipping Removing %s", name)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// loadEnv is what the listener does before anything else: KEY=VALUE lines of .env override the environment, "KEY="
// takes KEY out of it.
func (r root) loadEnv() {
	text, err := os.ReadFile(r.path(".env"))
	if err != nil {
		return
	}
	for line := range strings.Lines(string(text)) {
		key, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), "=")
		switch {
		case !ok || key == "":
		case value == "":
			os.Unsetenv(key)
		default:
			os.Setenv(key, value)
		}
	}
}
