package signals

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// tree makes files by path; a mode of 0 makes a directory.
func tree(t *testing.T, modes map[string]os.FileMode, contents string) string {
	t.Helper()
	root := t.TempDir()
	for name, mode := range modes {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if mode == 0 {
			if err := os.Mkdir(path, 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.WriteFile(path, []byte(contents), mode); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestSearch(t *testing.T) {
	root := tree(t, map[string]os.FileMode{
		"script/tool": 0o755, "denied/tool": 0o644, "dir/tool": 0, "file": 0o644, "last/tool": 0o755, "empty/other": 0o644,
	}, "exit 7\n")
	elsewhere := tree(t, map[string]os.FileMode{"tool": 0o755}, "#!/nonexistent/interpreter\n")
	foreign := tree(t, map[string]os.FileMode{"tool": 0o755}, "\x7fELF of another machine")
	tests := []struct {
		name string
		path []string // elements of PATH, below root unless absolute
		tool string
		want string // "" = it runs, and exits with 7
		code int
	}{
		{"first that is there", []string{"empty", "script", "denied"}, "tool", "", 7},
		{"goes on after one not executable", []string{"denied", "script"}, "tool", "", 7},
		{"goes on after a directory", []string{"dir", "script"}, "tool", "", 7},
		{"goes on after a file in PATH", []string{"file", "script"}, "tool", "", 7},
		{"goes on after a missing interpreter", []string{elsewhere, "script"}, "tool", "", 7},
		{"remembers the denial", []string{"denied", "empty"}, "tool", root + "/denied/tool is not marked executable", 126},
		{"remembers the directory", []string{"dir"}, "tool", root + "/dir/tool is a directory", 126},
		{"nowhere", []string{"empty"}, "tool", "no such program in PATH", 127},
		{"no name", []string{"script"}, "", "no such program in PATH", 127},
		{"no interpreter", []string{elsewhere, "empty"}, "tool",
			elsewhere + "/tool is there, but its interpreter (its #! line or its dynamic linker) is not", 127},
		{"other machine", []string{foreign, "script"}, "tool", foreign + "/tool is built for another machine or broken", 126},
		{"a path is not searched", []string{"script"}, "./tool", "no such file", 127},
		{"below a file", nil, root + "/file/tool", "not a directory", 126},
		{"a script by path", nil, root + "/script/tool", "", 7},
		{"a NUL", nil, "/to\x00ol", "invalid argument", 126},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for i, dir := range test.path {
				if !filepath.IsAbs(dir) {
					test.path[i] = root + "/" + dir
				}
			}
			c := Command{Path: test.tool, Env: []string{"PATH=" + strings.Join(test.path, ":"), "PATH=/never"}}
			if test.want == "" {
				if status := spawned(t, c); status.Code() != test.code {
					t.Errorf("%v, want code %d", status, test.code)
				}
				return
			}
			_, err := spawn(c, false)
			failed, ok := errors.AsType[*ExecError](err)
			if !ok {
				t.Fatalf("got %v, want an ExecError", err)
			}
			if failed.cause != test.want || failed.Code() != test.code || failed.Path != test.tool {
				t.Errorf("got code %d, %q; want %d, %q", failed.Code(), failed, test.code, test.want)
			}
		})
	}
}

func TestSearchWithoutPATH(t *testing.T) {
	for _, env := range [][]string{nil, {"PATHS=/nowhere", "HOME=/"}} {
		if status := spawned(t, Command{Path: "true", Env: env}); status.Code() != 0 {
			t.Errorf("%q: %v", env, status)
		}
	}
}

func TestEmptyElementIsTheWorkingDirectory(t *testing.T) {
	t.Chdir(tree(t, map[string]os.FileMode{"tool": 0o755}, `[ "$0 $1" = "tool argument" ]`))
	for _, path := range []string{"PATH=", "PATH=/nowhere:", "PATH=:/nowhere"} {
		c := Command{Path: "tool", Args: []string{"name", "argument"}, Env: []string{path}}
		if status := spawned(t, c); status.Code() != 0 {
			t.Errorf("%s: the script %v", path, status)
		}
	}
}

func TestExecErrorUnwraps(t *testing.T) {
	err := error(&ExecError{Path: "tool", Err: syscall.EACCES})
	if !errors.Is(err, os.ErrPermission) || err.Error() != `cannot execute "tool": permission denied` {
		t.Errorf("got %v", err)
	}
	if got := explain("tool", "/bin/tool", syscall.EAGAIN); !strings.Contains(got, "pids") {
		t.Errorf("EAGAIN is explained as %q", got)
	}
}
