package image_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
)

// TestCompile runs the line by which the Dockerfile compiles the program, where there is nothing but what the build is sent:
// no image of Go's can be pulled for a test. What comes out is the program without the demo.
func TestCompile(t *testing.T) {
	need.Installed(t, "make")
	dir, program := sentToBuild(t), filepath.Join(t.TempDir(), "runner-init")
	line := compileLine(t)
	cmd := exec.CommandContext(t.Context(), "sh", "-c", strings.Replace(line, "/runner-init", program, 1))
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "VERSION=v1-of-a-test", "COMMIT=abc", "TARGETOS=linux", "TARGETARCH=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s\n%v\n%s", line, err, out)
	}
	if out, err := exec.CommandContext(t.Context(), program, "version").Output(); err != nil || !strings.Contains(string(out), "v1-of-a-test") || !strings.Contains(string(out), "abc") {
		t.Errorf("version prints %q, %v", out, err)
	}
	text, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	for _, unwanted := range []string{"/internal/sim/", "http2Framer"} {
		if bytes.Contains(text, []byte(unwanted)) {
			t.Errorf("the program holds %s", unwanted)
		}
	}
}

// compileLine is what the Dockerfile's first stage runs, after its mounts.
func compileLine(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	stage, _, _ := strings.Cut(string(text), "\nFROM scratch AS prebuilt")
	found := regexp.MustCompile(`(?m)^    GOOS=.*$`).FindString(stage)
	if found == "" {
		t.Fatal("the Dockerfile compiles nothing")
	}
	return strings.TrimSpace(found)
}

// sentToBuild makes a directory of what .dockerignore lets through, in the few forms that it uses.
func sentToBuild(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, ".dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for line := range strings.Lines(string(text)) {
		name, wanted := strings.CutPrefix(strings.TrimSpace(line), "!")
		if !wanted || strings.HasPrefix(name, "bin/") {
			continue
		}
		err := filepath.WalkDir(filepath.Join(root, name), func(path string, entry os.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && entry.Name() == "testdata":
				return filepath.SkipDir
			case entry.IsDir() || strings.HasSuffix(path, "_test.go"):
				return nil
			}
			within, err := filepath.Rel(root, path)
			copyFile(t, path, filepath.Join(dir, within))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
