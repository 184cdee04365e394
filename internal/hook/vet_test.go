package hook

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
)

// What a user could change, or replace on the way, is refused.
func TestVet(t *testing.T) {
	need.Root(t)
	job := User{UID: 4711, Groups: []uint32{4711, 4712}}
	for name, test := range map[string]struct {
		change  func(dir, hook string) error
		refused bool
	}{
		"root's":                       {func(dir, hook string) error { return nil }, false},
		"somebody else's":              {func(dir, hook string) error { return os.Chown(hook, 4713, 4711) }, false},
		"the user's":                   {func(dir, hook string) error { return os.Chown(hook, 4711, 0) }, true},
		"in the user's directory":      {func(dir, hook string) error { return os.Chown(dir, 4711, 0) }, true},
		"writable to the user's group": {func(dir, hook string) error { return both(os.Chown(hook, 0, 4712), os.Chmod(hook, 0o775)) }, true},
		"writable to another group":    {func(dir, hook string) error { return both(os.Chown(hook, 0, 4713), os.Chmod(hook, 0o775)) }, false},
		"writable to all":              {func(dir, hook string) error { return os.Chmod(hook, 0o757) }, true},
		"in a directory open to all":   {func(dir, hook string) error { return os.Chmod(dir, 0o777) }, true},
		"in a sticky directory":        {func(dir, hook string) error { return os.Chmod(dir, fs.ModeSticky|0o777) }, false},
		"the user's, in a sticky one":  {func(dir, hook string) error { return both(os.Chmod(dir, fs.ModeSticky|0o777), os.Chown(hook, 4711, 0)) }, true},
		"root's link":                  {func(dir, hook string) error { return relink(dir, hook, hook+".real") }, false},
		"root's link, relative":        {func(dir, hook string) error { return relink(dir, hook, "../"+filepath.Base(dir)+"/hook.real") }, false},
		"root's link to the user's": {func(dir, hook string) error {
			return both(relink(dir, hook, hook+".real"), os.Chown(hook+".real", 4711, 0))
		}, true},
		"the user's link in a sticky": {func(dir, hook string) error {
			return both(relink(dir, hook, hook+".real"), os.Chmod(dir, fs.ModeSticky|0o777), os.Lchown(hook, 4711, 0))
		}, true},
		"a link in the user's directory": {func(dir, hook string) error {
			return both(chain(dir, hook), os.Chown(filepath.Join(dir, "middle"), 4711, 0))
		}, true},
		"a link to itself": {func(dir, hook string) error { return both(os.Remove(hook), os.Symlink("hook", hook)) }, true},
		"gone":             {func(dir, hook string) error { return os.Remove(hook) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "hooks")
			hook := filepath.Join(dir, "hook")
			if err := both(os.Mkdir(dir, 0o755), os.WriteFile(hook, nil, 0o755), test.change(dir, hook)); err != nil {
				t.Fatal(err)
			}
			if err := Vet(hook, job); (err != nil) != test.refused {
				t.Errorf("refused: %v, want %v", err, test.refused)
			}
		})
	}
}

func both(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// relink puts a link to a file of another name in the hook's place.
func relink(dir, hook, target string) error {
	return both(os.Rename(hook, filepath.Join(dir, "hook.real")), os.Symlink(target, hook))
}

// chain makes the hook a link to a link in another directory.
func chain(dir, hook string) error {
	middle := filepath.Join(dir, "middle")
	return both(os.Mkdir(middle, 0o755), relink(dir, hook, filepath.Join(middle, "hook")),
		os.Symlink(filepath.Join(dir, "hook.real"), filepath.Join(middle, "hook")))
}
