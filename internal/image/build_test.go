package image_test

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/runner"
)

// runnerVersion is no release, so that nothing can take the simulated runner for one.
const runnerVersion = "0.0.0-simulated"

// nodeOfRunner is one of the programs that the runner has for actions, below its directory.
const nodeOfRunner = "externals/node20/bin/node"

// root is the repository.
const root = "../.."

// images are those of the Dockerfile's targets.
type images struct {
	minimal string // also what a build without --target makes
	docker  string
}

// build makes the images as the Dockerfile's reader would, from local base images. Everything it makes is gone after the
// test; the engine's build cache makes the next time faster.
func build(t *testing.T) images {
	t.Helper()
	url, sum := serveRunner(t)
	context := buildContext(t)
	args := []string{"build", "--network=host",
		"--build-arg=BASE_IMAGE=" + importBase(t), "--build-arg=APT_PACKAGES=", "--build-arg=RUNNER_INIT_FROM=prebuilt",
		"--build-arg=RUNNER_BASE_URL=" + url, "--build-arg=RUNNER_VERSION=" + runnerVersion, "--build-arg=RUNNER_SHA256=" + sum,
		"--build-arg=DOCKER_IMAGE=" + buildEngine(t), "--build-arg=DOCKER_APT_PACKAGES="}
	made := images{minimal: unique("runner-init-test"), docker: unique("runner-init-test-docker")}
	for image, target := range map[string][]string{made.minimal: nil, made.docker: {"--target=docker"}} {
		runBuilder(t, image, slices.Concat(args, target, []string{context})...)
	}
	return made
}

// runBuilder runs the client with BuildKit, and has the image removed after the test.
func runBuilder(t *testing.T, image string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), builder(), slices.Insert(args, 1, "--tag="+image)...)
	cmd.Env = append(os.Environ(), "DOCKER_BUILDKIT=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("cannot build the image: %v\n%s", err, out)
	}
	removeImage(t, image)
}

// buildEngine makes what stands for Docker's own image, with a program that asks for a daemon under each of its names.
func buildEngine(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	copyFile(t, need.Program(t, "internal/image/testdata/engine"), filepath.Join(dir, "engine"))
	var file strings.Builder
	file.WriteString("FROM scratch\nCOPY engine /usr/local/libexec/docker/cli-plugins/docker-buildx\n")
	for _, name := range []string{"docker", "dockerd", "docker-init", "docker-proxy", "containerd", "containerd-shim-runc-v2", "ctr", "runc"} {
		file.WriteString("COPY engine /usr/local/bin/" + name + "\n")
	}
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(file.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	image := unique("runner-init-test-engine")
	runBuilder(t, image, "build", "--network=none", dir)
	return image
}

// builder is a client with BuildKit: the one on PATH if it has buildx or is old enough to need none, else Debian's, which
// some machines have besides.
func builder() string {
	const debian = "/usr/bin/docker"
	if exec.Command("docker", "buildx", "version").Run() != nil {
		if _, err := os.Stat(debian); err == nil {
			return debian
		}
	}
	return "docker"
}

// buildContext holds what a checkout holds after make build, as far as the image is made of it.
func buildContext(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for to, from := range map[string]string{
		"bin/runner-init": need.Program(t, "cmd/runner-init"),
		"Dockerfile":      filepath.Join(root, "Dockerfile"),
		".dockerignore":   filepath.Join(root, ".dockerignore"),
	} {
		copyFile(t, from, filepath.Join(dir, to))
	}
	return dir
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, text, 0o755); err != nil {
		t.Fatal(err)
	}
}

// serveRunner serves the simulated runner where the Dockerfile looks for a release, and returns the base of its URL and
// the checksum.
func serveRunner(t *testing.T) (url, sum string) {
	t.Helper()
	dir := t.TempDir()
	tree := filepath.Join(dir, "tree")
	if err := runner.Install(tree, need.Program(t, "internal/sim/cmd/simrunner")); err != nil {
		t.Fatal(err)
	}
	copyFile(t, need.Program(t, "internal/image/testdata/engine"), filepath.Join(tree, nodeOfRunner)) // of any kind
	arch := map[string]string{"amd64": "x64", "arm64": "arm64"}[runtime.GOARCH]
	release := filepath.Join(dir, "served/v"+runnerVersion, fmt.Sprintf("actions-runner-linux-%s-%s.tar.gz", arch, runnerVersion))
	sum = pack(t, tree, release)
	s := httptest.NewServer(http.FileServer(http.Dir(filepath.Join(dir, "served"))))
	t.Cleanup(s.Close)
	return s.URL, sum
}

// pack writes the tree as a compressed archive and returns its SHA-256.
func pack(t *testing.T, tree, path string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.New()
	zip := gzip.NewWriter(io.MultiWriter(file, hash))
	archive := tar.NewWriter(zip)
	for _, err := range []error{archive.AddFS(os.DirFS(tree)), archive.Close(), zip.Close(), file.Close()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// importBase makes an image of nothing but busybox and returns its name.
func importBase(t *testing.T) string {
	t.Helper()
	shell := busybox(t)
	applets, err := exec.CommandContext(t.Context(), shell, "--list").Output()
	if err != nil {
		t.Fatal(err)
	}
	name := unique("runner-init-test-base")
	in, archive := io.Pipe()
	go func() { archive.CloseWithError(writeBase(archive, shell, strings.Fields(string(applets)))) }()
	cmd := exec.CommandContext(t.Context(), "docker", "import", "-", name)
	cmd.Stdin = in
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("cannot import the base image: %v\n%s", err, out)
	}
	removeImage(t, name)
	return name
}

func writeBase(to io.Writer, shell string, applets []string) error {
	program, err := os.ReadFile(shell)
	if err != nil {
		return err
	}
	w := tar.NewWriter(to)
	file := func(name, text string, mode int64) {
		_ = w.WriteHeader(&tar.Header{Name: name, Size: int64(len(text)), Mode: mode}) // an error stays and Close returns it
		_, _ = io.WriteString(w, text)
	}
	_ = w.WriteHeader(&tar.Header{Name: "tmp/", Typeflag: tar.TypeDir, Mode: 0o1777})
	file("bin/busybox", string(program), 0o755)
	file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n", 0o644)
	file("etc/group", "root:x:0:\n", 0o644)
	file("etc/shadow", "root:*:::::::\n", 0o640)
	file("usr/local/bin/dumb-init", "the one of the base image", 0o755)
	file("bin/become-root", "what su and mount are in most images", 0o4755)
	file("bin/become-tty", "what wall is", 0o2755)
	for _, a := range applets {
		if a != "busybox" {
			_ = w.WriteHeader(&tar.Header{Name: "bin/" + a, Typeflag: tar.TypeSymlink, Linkname: "busybox", Mode: 0o777})
		}
	}
	return w.Close()
}

// busybox is a shell and its tools in one file that needs no libraries.
func busybox(t *testing.T) string {
	t.Helper()
	reason := "no busybox on PATH"
	path, err := exec.LookPath("busybox")
	if err == nil {
		if reason = notStatic(path); reason == "" {
			return path
		}
	}
	need.Missing(t, "the base image is made of a static busybox: "+reason)
	return ""
}

// notStatic says why the program cannot run in an image by itself, or nothing.
func notStatic(path string) string {
	file, err := elf.Open(path)
	if err != nil {
		return err.Error()
	}
	defer file.Close()
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP {
			return path + " is linked to libraries"
		}
	}
	return ""
}

// uniques counts the names that were given.
var uniques atomic.Int64

// unique is the name of an image that no other test, and no other run of them, has.
func unique(name string) string { return fmt.Sprintf("%s:%d-%d", name, os.Getpid(), uniques.Add(1)) }

func removeImage(t *testing.T, image string) {
	t.Cleanup(func() {
		if out, err := exec.Command("docker", "image", "rm", image).CombinedOutput(); err != nil {
			t.Errorf("cannot remove image: %v: %s", err, out)
		}
	})
}
