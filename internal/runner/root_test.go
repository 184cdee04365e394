package runner

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
)

// newRoot returns a directory that looks like a runner's.
func newRoot(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, listenerPath), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	return root
}

func TestFindRoot(t *testing.T) {
	root := newRoot(t)
	if got, err := FindRoot(root); err != nil || got != root {
		t.Errorf("named: got %q, %v; want %q", got, err, root)
	}
	if got, err := FindRoot(t.TempDir()); err == nil {
		t.Errorf("named and empty: got %q, want an error", got)
	}
	t.Chdir(root)
	if got, err := FindRoot(""); err != nil || got != root {
		t.Errorf("working directory: got %q, %v; want %q", got, err, root)
	}
}

func TestRootOf(t *testing.T) {
	for program, want := range map[string]string{
		"/home/runner/run.sh":              "/home/runner",
		"./run.sh":                         ".",
		"./bin/Runner.Listener":            ".",
		"bin/Runner.Listener":              ".",
		"/home/runner/bin/Runner.Listener": "/home/runner",
	} {
		if got, ok := RootOf(program); !ok || got != want {
			t.Errorf("%q: got %q, %v; want %q", program, got, ok, want)
		}
	}
	if got, ok := RootOf("/bin/bash"); ok {
		t.Errorf("/bin/bash: got %q", got)
	}
}

// A .runner of an earlier life makes configure refuse to work and would give us a registration that is not ours.
func TestPrepareWipesIdentity(t *testing.T) {
	root := newRoot(t)
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	for _, path := range []string{elsewhere, filepath.Join(root, ".env"), filepath.Join(root, ".credentials")} {
		if err := os.WriteFile(path, []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(elsewhere, filepath.Join(root, ".runner")); err != nil {
		t.Fatal(err)
	}
	if err := (&Runner{Root: root}).Prepare(); err != nil {
		t.Fatal(err)
	}
	for _, name := range identityFiles {
		if _, err := os.Lstat(filepath.Join(root, name)); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
	for _, path := range []string{elsewhere, filepath.Join(root, ".env"), filepath.Join(root, "_work"), filepath.Join(root, "_diag")} {
		if _, err := os.Stat(path); err != nil {
			t.Errorf("missing: %v", err)
		}
	}
}

// A job may have replaced _work by a link to somewhere that root could write to.
func TestPrepareFollowsNoLink(t *testing.T) {
	need.Root(t)
	root, outside := newRoot(t), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(root, "_work")); err != nil {
		t.Fatal(err)
	}
	(&Runner{Root: root, User: &User{Name: "job", UID: 4711, GID: 4711}}).Prepare()
	if info, err := os.Stat(outside); err != nil || ownerOf(info) != 0 {
		t.Errorf("the target of a link belongs to uid %d now", ownerOf(info))
	}
}

func TestPrepareGivesToJobUser(t *testing.T) {
	need.Root(t)
	root := newRoot(t)
	if err := (&Runner{Root: root, User: &User{Name: "job", UID: 4711, GID: 4712}, Work: "w/deep"}).Prepare(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]uint32{".": 4711, "_diag": 4711, "w/deep": 4711, "bin": 0, listenerPath: 0} {
		if info, err := os.Stat(filepath.Join(root, name)); err != nil || ownerOf(info) != want {
			t.Errorf("%s belongs to uid %d (%v), want %d", name, ownerOf(info), err, want)
		}
	}
}

func TestFindUser(t *testing.T) {
	need.Root(t)
	root := newRoot(t)
	if u, err := FindUser("", root); err != nil || u != nil {
		t.Errorf("root's own directory: got %+v, %v; want nobody else", u, err)
	}
	if err := os.Chown(root, 4711, 4712); err != nil {
		t.Fatal(err)
	}
	if u, err := FindUser("", root); err != nil || u == nil || u.UID != 4711 {
		t.Errorf("somebody's directory: got %+v, %v; want uid 4711", u, err)
	}
	if u, err := FindUser("nobody", root); err != nil || u == nil || u.Name != "nobody" || !slices.Contains(u.Groups, u.GID) {
		t.Errorf("by name: got %+v, %v", u, err)
	}
	if u, err := FindUser("4713:4714", root); err != nil || u == nil || u.UID != 4713 || u.GID != 4714 {
		t.Errorf("by numbers: got %+v, %v", u, err)
	}
	if u, err := FindUser("nobody:daemon", root); err != nil || u == nil || u.Name != "nobody" || u.GID == 0 {
		t.Errorf("with a group by name: got %+v, %v", u, err)
	}
	if u, err := FindUser("root:daemon", root); err != nil || u == nil || u.UID != 0 || u.GID == 0 {
		t.Errorf("root with another group: got %+v, %v", u, err)
	}
	if _, err := FindUser("nobody:no-such-group", root); err == nil {
		t.Error("an unknown group is accepted")
	}
	if u, err := FindUser("root", root); err != nil || u != nil {
		t.Errorf("root: got %+v, %v; want nobody else", u, err)
	}
	if _, err := FindUser("nobody-of-this-name", root); err == nil {
		t.Error("an unknown name is accepted")
	}
}

// A volume for the work directory comes up as root's.
func TestPrepareGivesMount(t *testing.T) {
	need.Root(t)
	mount := t.TempDir()
	r := &Runner{Root: newRoot(t), User: &User{Name: "job", UID: 4711, GID: 4712}, Work: mount}
	if err := r.Prepare(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(mount); err != nil || ownerOf(info) != 4711 {
		t.Errorf("the volume belongs to uid %d (%v)", ownerOf(info), err)
	}
	r.Work = "../elsewhere"
	if err := r.Prepare(); err == nil {
		t.Error("a work directory that leaves the runner's directory is accepted")
	}
}

// A job may have replaced the work directory by a link, wherever it lies.
func TestPrepareRefusesLinkedMount(t *testing.T) {
	need.Root(t)
	root, victim, mounts := newRoot(t), t.TempDir(), t.TempDir()
	link := filepath.Join(mounts, "work")
	for _, work := range []string{link, filepath.Join(root, "work")} {
		if err := os.Symlink(victim, work); err != nil {
			t.Fatal(err)
		}
		if err := os.Lchown(work, 4711, 4711); err != nil {
			t.Fatal(err)
		}
		(&Runner{Root: root, User: &User{Name: "job", UID: 4711, GID: 4711}, Work: work}).Prepare()
		if info, err := os.Stat(victim); err != nil || ownerOf(info) != 0 {
			t.Errorf("%s: the target of the link belongs to uid %d now", work, ownerOf(info))
		}
	}
}
