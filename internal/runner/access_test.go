package runner

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
)

// What the kernel lets a user read, by the file, the directories on the way, the groups, and links.
func TestMayRead(t *testing.T) {
	need.Root(t)
	dir := t.TempDir()
	reachable(t, dir)
	if err := os.MkdirAll(filepath.Join(dir, "closed"), 0o700); err != nil {
		t.Fatal(err)
	}
	user := &User{Name: "job", UID: 4711, GID: 4712, Groups: []uint32{4712, 4713}}
	for name, test := range map[string]struct {
		mode     os.FileMode
		uid, gid int
		want     bool
	}{
		"open": {0o644, 0, 0, true}, "root's": {0o600, 0, 0, false}, "his": {0o400, 4711, 0, true}, "his, unreadable": {0o044, 4711, 0, false},
		"his group's": {0o640, 0, 4712, true}, "another group's of his": {0o640, 0, 4713, true}, "somebody's group's": {0o640, 0, 0, false},
		"closed/open": {0o644, 0, 0, false},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(path, test.uid, test.gid); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, test.mode); err != nil {
			t.Fatal(err)
		}
		link := filepath.Join(dir, "link to "+filepath.Base(filepath.Dir(path))+filepath.Base(path))
		if err := os.Symlink(path, link); err != nil {
			t.Fatal(err)
		}
		for _, p := range []string{path, link} {
			if got := user.MayRead(p); got != test.want {
				t.Errorf("%s: %v, want %v", p, got, test.want)
			}
		}
		if !(*User)(nil).MayRead(path) {
			t.Errorf("%s: root may not read it", path)
		}
	}
	if user.MayRead(filepath.Join(dir, "nothing")) {
		t.Error("what does not exist can be read")
	}
	if info, err := os.Stat("/proc/self/fdinfo"); err != nil || ownerOf(info) != 0 {
		t.Errorf("we are not who we were: %v", err)
	}
}

// A job may have left anything in the place of the runner's identity, and none of it keeps the next start from its work.
func TestPrepareWipesWhatever(t *testing.T) {
	root, outside := newRoot(t), t.TempDir()
	precious := filepath.Join(outside, "precious")
	if err := os.WriteFile(precious, []byte("untouched"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(root, ".runner/deep"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(root, ".runner/deep/link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(precious, filepath.Join(root, ".credentials")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(root, ".credentials_rsaparams")); err != nil {
		t.Fatal(err)
	}
	r := &Runner{Root: root}
	if err := r.Prepare(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.WriteJIT(jit(map[string]string{".runner": `{"AgentId":"7","AgentName":"r"}`, ".credentials": "c"})); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(precious); err != nil || string(text) != "untouched" {
		t.Errorf("what a link leads to holds %q (%v)", text, err)
	}
}

// Where a link of somebody else's takes the place of the runner's directory, what it leads to is not given away.
func TestPrepareGivesNoLinkAway(t *testing.T) {
	need.Root(t)
	target := newRoot(t)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	if err := os.Lchown(link, 4711, 4711); err != nil {
		t.Fatal(err)
	}
	err := (&Runner{Root: link, User: &User{Name: "job", UID: 4711, GID: 4711}}).Prepare()
	if info, statErr := os.Stat(target); err == nil || statErr != nil || ownerOf(info) != 0 {
		t.Errorf("%v; the target belongs to uid %d now", err, ownerOf(info))
	}
}
