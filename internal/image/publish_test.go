package image_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
)

// TestPublish looks at what make images asks of buildx, with a client that only writes down its arguments: each label of the
// Dockerfile that is OCI's is an annotation too, with the same value.
func TestPublish(t *testing.T) {
	need.Installed(t, "make")
	client := filepath.Join(t.TempDir(), "docker")
	if err := os.WriteFile(client, []byte("#!/bin/sh\nprintf '%s\\n' \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "make", "-C", root, "--no-print-directory", "images", "DOCKER="+client, "VERSION=v1", "COMMIT=abc")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("make images: %v\n%s", err, out)
	}
	builds := strings.Split(string(out), "buildx\nbuild\n")[1:]
	for i, target := range []string{"minimal", "docker"} {
		if len(builds) != 2 || !strings.Contains(builds[i], "--platform\nlinux/amd64,linux/arm64\n--target\n"+target+"\n") {
			t.Fatalf("make images asks for:\n%s", out)
		}
		if got, want := annotations(builds[i]), ociLabels(t); !maps.Equal(got, want) {
			t.Errorf("%s: the annotations are %q, want those of the labels, %q", target, got, want)
		}
	}
}

// annotations are those among the arguments of a build, one to a line.
func annotations(arguments string) map[string]string {
	found := map[string]string{}
	for line := range strings.Lines(arguments) {
		if text, ok := strings.CutPrefix(strings.TrimSpace(line), "index,manifest:"); ok {
			name, value, _ := strings.Cut(text, "=")
			found[name] = value
		}
	}
	return found
}

// ociLabels are the labels of the Dockerfile for version v1 at commit abc.
func ociLabels(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, value, ok := strings.Cut(strings.Trim(line, " \\\n"), "=")
		if name = strings.TrimPrefix(name, "LABEL "); ok && strings.HasPrefix(name, "org.opencontainers.image.") {
			found[name] = strings.NewReplacer("${VERSION}", "v1", "${COMMIT}", "abc").Replace(strings.Trim(value, `"`))
		}
	}
	if len(found) < 6 {
		t.Fatalf("the Dockerfile has the labels %q", found)
	}
	return found
}
