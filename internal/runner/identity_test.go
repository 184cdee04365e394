package runner

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestParseIdentity(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want Identity
		err  string
	}{
		"written by configure": {
			"\ufeff{\n  \"agentId\": 23,\n  \"agentName\": \"r\",\n  \"ephemeral\": true,\n  \"poolId\": 1\n}",
			Identity{23, "r"}, "",
		},
		"written by configure, persistent": {"\ufeff{\"agentId\":23,\"agentName\":\"r\"}", Identity{23, "r"}, ""},
		"from a JIT configuration": {
			`{"AgentId":"23","AgentName":"r","DisableUpdate":"True","Ephemeral":"True","PoolName":null}`, Identity{23, "r"}, "",
		},
		"without an id":     {`{"agentName":"r"}`, Identity{}, `agent id "" is no id`},
		"with a wild id":    {`{"AgentId":"../../1"}`, Identity{}, "is no id"},
		"that is not JSON":  {"agentId: 23", Identity{}, "cannot parse"},
		"that is truncated": {"\ufeff{\"agentId\":2", Identity{}, "cannot parse"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseIdentity([]byte(test.text))
			if got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("got error %v, want %q", err, test.err)
			}
		})
	}
}

// jit encodes files as generate-jitconfig does.
func jit(files map[string]string) string {
	contents := make(map[string][]byte)
	for name, content := range files {
		contents[name] = []byte(content)
	}
	text, _ := json.Marshal(contents)
	return base64.StdEncoding.EncodeToString(text)
}

func TestWriteJIT(t *testing.T) {
	r := &Runner{Root: t.TempDir()}
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	if err := os.WriteFile(elsewhere, []byte("untouched"), 0o644); err != nil {
		t.Fatal(err)
	}
	// A job of an earlier life may have left anything behind.
	if err := os.Symlink(elsewhere, filepath.Join(r.Root, ".credentials")); err != nil {
		t.Fatal(err)
	}
	encoded := jit(map[string]string{".runner": `{"AgentId":"7","AgentName":"r"}`, ".credentials": "c", ".credentials_rsaparams": "k"})
	id, err := r.WriteJIT(encoded[:10] + "\n " + encoded[10:])
	if err != nil || id.ID != 7 {
		t.Fatalf("got %+v, %v", id, err)
	}
	for name, want := range map[string]string{".credentials": "c", ".credentials_rsaparams": "k"} {
		path := filepath.Join(r.Root, name)
		info, err := os.Lstat(path)
		if err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: mode %v, error %v; want a regular file with 0600", name, info.Mode(), err)
		}
		if got, _ := os.ReadFile(path); string(got) != want {
			t.Errorf("%s holds %q, want %q", name, got, want)
		}
	}
	if got, _ := os.ReadFile(elsewhere); string(got) != "untouched" {
		t.Errorf("a link out of the runner directory was followed: its target holds %q", got)
	}
	if got, err := r.Identity(); err != nil || got != id {
		t.Errorf("read back %+v, %v; want %+v", got, err, id)
	}
}

func TestWriteJITRefuses(t *testing.T) {
	for name, encoded := range map[string]string{
		"no base64":               "%%%",
		"no JSON":                 base64.StdEncoding.EncodeToString([]byte("hello")),
		"no identity":             jit(map[string]string{".credentials": "c"}),
		"a way out of the root":   jit(map[string]string{".runner": `{"AgentId":"7"}`, "../escape": "x"}),
		"an absolute way out":     jit(map[string]string{".runner": `{"AgentId":"7"}`, "/tmp/escape": "x"}),
		"contents that are plain": base64.StdEncoding.EncodeToString([]byte(`{".runner":"{}"}`)),
	} {
		t.Run(name, func(t *testing.T) {
			r := &Runner{Root: filepath.Join(t.TempDir(), "root")}
			if err := os.Mkdir(r.Root, 0o755); err != nil {
				t.Fatal(err)
			}
			if _, err := r.WriteJIT(encoded); err == nil {
				t.Error("accepted")
			}
			if _, err := os.Stat(filepath.Join(r.Root, "..", "escape")); err == nil {
				t.Error("wrote outside of the runner directory")
			}
		})
	}
}

// A job may have put a pipe in the place of the identity.
func TestIdentityDoesNotWait(t *testing.T) {
	r := &Runner{Root: t.TempDir()}
	if err := syscall.Mkfifo(filepath.Join(r.Root, ".runner"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Identity(); err == nil {
		t.Error("a pipe is taken for an identity")
	}
}

func FuzzDecodeJIT(f *testing.F) {
	f.Add(jit(map[string]string{".runner": `{"AgentId":"7"}`}))
	f.Fuzz(func(t *testing.T, encoded string) {
		if files, err := decodeJIT(encoded); err == nil && files[".runner"] == nil {
			t.Error("accepted without an identity")
		}
	})
}

// A job may have written .runner: whatever it says, an identity that is accepted is one.
func FuzzParseIdentity(f *testing.F) {
	f.Add([]byte(`{"AgentId":7,"agentName":"n"}`))
	f.Add([]byte("\ufeff{\"agentId\":\"7\",\"AgentName\":\"n\"}"))
	f.Add([]byte(`{"AgentId":-1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if id, err := parseIdentity(text); err == nil && id.ID <= 0 {
			t.Errorf("accepted %q as %+v", text, id)
		}
	})
}
