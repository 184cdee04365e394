package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func writeFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "value")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFileProblems(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	loop := filepath.Join(dir, "loop")
	if err := os.Symlink(loop, loop); err != nil {
		t.Fatal(err)
	}
	for path, why := range map[string]string{
		"/nowhere/at/all": "no such file", dir: "not a regular file", fifo: "not a regular file", "/dev/zero": "not a regular file",
		loop: "too many levels", writeFile(t, strings.Repeat("x", 1<<20+1)): "larger than",
	} {
		got := oneProblem(t, "RUNNER_REPO=acme/widgets", "ACCESS_TOKEN_FILE="+path)
		if !strings.HasPrefix(got, "cannot use ACCESS_TOKEN_FILE: "+path+": ") || !strings.Contains(got, why) {
			t.Errorf("%s: got %s, want %s", path, got, why)
		}
	}
}

func TestLargestFile(t *testing.T) {
	c := load(t, append(minimal, "RUNNER_WORKDIR_FILE="+writeFile(t, strings.Repeat("x", 1<<20)))...)
	if len(c.Workdir) != 1<<20 {
		t.Errorf("got %d bytes", len(c.Workdir))
	}
}

func TestFileBesidesValue(t *testing.T) {
	path := writeFile(t, pat)
	got := oneProblem(t, "RUNNER_REPO=acme/widgets", "GITHUB_TOKEN="+pat, "GITHUB_TOKEN_FILE="+path)
	if want := "cannot use GITHUB_TOKEN and GITHUB_TOKEN_FILE: both give a value"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Kubernetes mounts secrets as links to files; editors end files with a line break of either kind.
func TestFileContent(t *testing.T) {
	for _, content := range []string{pat, pat + "\n", pat + "\r\n", pat + "\n\n", "\ufeff" + pat + "\r\n", " \t" + pat + " "} {
		link := filepath.Join(t.TempDir(), "link")
		if err := os.Symlink(writeFile(t, content), link); err != nil {
			t.Fatal(err)
		}
		if c := load(t, "RUNNER_REPO=acme/widgets", "GITHUB_TOKEN_FILE="+link); c.GitHubToken.Reveal() != pat {
			t.Errorf("%q is read as %q", content, c.GitHubToken.Reveal())
		}
	}
	if got := oneProblem(t, "RUNNER_REPO=acme/widgets", "GITHUB_TOKEN_FILE="+writeFile(t, "\n")); !strings.Contains(got, "no credential") {
		t.Errorf("an empty file: %s", got)
	}
}

// What no value can hold is refused, without a word of it.
func TestFileThatIsNoText(t *testing.T) {
	var utf16 strings.Builder
	utf16.WriteString("\xff\xfe")
	for _, c := range canary {
		utf16.WriteString(string(c) + "\x00")
	}
	for content, why := range map[string]string{
		canary + "\x00": "control character", canary + "\n" + canary: "line break", utf16.String(): "not UTF-8", canary + "\xe9": "not UTF-8", `"` + canary + `"`: "quotes",
	} {
		for _, name := range []string{"PAT", "RUNNER_GROUP"} {
			environ := []string{"RUNNER_ORG=acme", name + "_FILE=" + writeFile(t, content)}
			if name != "PAT" {
				environ = append(environ, "PAT="+pat)
			}
			got := oneProblem(t, environ...)
			if !strings.HasPrefix(got, "cannot use "+name+"_FILE: ") || !strings.Contains(got, why) || strings.Contains(got, canary) {
				t.Errorf("%s of %q: %s", name, content, got)
			}
		}
	}
}

// Somebody puts the token where its path belongs.
func TestTokenAsPath(t *testing.T) {
	got := oneProblem(t, "RUNNER_REPO=acme/widgets", "GITHUB_TOKEN_FILE="+canary)
	if strings.Contains(got, canary) || !strings.Contains(got, "GITHUB_TOKEN_FILE") {
		t.Errorf("got %s", got)
	}
}
