package runner

import (
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"debug/elf"
)

// listenerOf makes a runner whose listener is a shell script, or whatever else the text is.
func listenerOf(t *testing.T, text string) *Runner {
	t.Helper()
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, listenerPath), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return &Runner{Root: root, Environ: []string{"PATH=" + os.Getenv("PATH")}}
}

// header is as much of a program as says what it was built for.
func header(machine elf.Machine) string {
	var h elf.Header64
	copy(h.Ident[:], elf.ELFMAG)
	h.Ident[elf.EI_CLASS], h.Ident[elf.EI_DATA], h.Ident[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)
	h.Type, h.Machine, h.Version, h.Ehsize = uint16(elf.ET_EXEC), uint16(machine), uint32(elf.EV_CURRENT), 64
	var b strings.Builder
	if err := binary.Write(&b, binary.LittleEndian, h); err != nil {
		panic(err)
	}
	return b.String()
}

func TestArchitecture(t *testing.T) {
	for text, want := range map[string]string{
		header(elf.EM_X86_64): "amd64", header(elf.EM_AARCH64): "arm64", header(elf.EM_ARM): "arm", header(elf.EM_RISCV): "riscv", "#!/bin/sh\n": "", "": "",
	} {
		if got, err := listenerOf(t, text).Architecture(); got != want || err != nil {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
	}
	if _, err := (&Runner{Root: t.TempDir()}).Architecture(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestVersion(t *testing.T) {
	for name, c := range map[string]struct{ text, want, says string }{
		"version":         {"#!/bin/sh\n[ \"$1\" = --version ] && echo 2.336.0\n", "2.336.0", ""},
		"nothing":         {"#!/bin/sh\n", "", "says no version"},
		"missing library": {"#!/bin/sh\necho 'no libicu' >&2\nexit 134\n", "", "exit status 134: no libicu"},
		"no program":      {header(elf.EM_RISCV), "", "cannot start the runner"},
		"hanging":         {"#!/bin/sh\nexec sleep 60\n", "", "too long"},
	} {
		t.Run(name, func(t *testing.T) {
			wait := time.Minute
			if name == "hanging" {
				wait = 100 * time.Millisecond
			}
			ctx, cancel := context.WithTimeoutCause(t.Context(), wait, errors.New("too long"))
			defer cancel()
			got, err := listenerOf(t, c.text).Version(ctx)
			if got != c.want || (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestBuiltVersion(t *testing.T) {
	for text, want := range map[string]string{
		`{"runtimeTarget":{},"libraries":{"Runner.Common/1.0.0":{},"Runner.Listener/2.336.0":{"type":"project"},"Sdk/2.0.0":{}}}`: "2.336.0",
		`{"libraries":{"Runner.Common/1.0.0":{}}}`: "", `{"libraries":[]}`: "", "no JSON": "", "": "",
	} {
		r := listenerOf(t, "")
		if text != "" {
			if err := os.WriteFile(filepath.Join(r.Root, dependencies), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got := r.BuiltVersion(); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// The listener is started only where it can open its log.
func TestCheckStart(t *testing.T) {
	somebody := &User{Name: "somebody", UID: 54321, GID: 54321, Groups: []uint32{54321}}
	us := &User{Name: "us", UID: uint32(os.Getuid()), GID: 54321}
	group := &User{Name: "group", UID: 54321, GID: uint32(os.Getgid()), Groups: []uint32{uint32(os.Getgid())}}
	for name, c := range map[string]struct {
		user       *User
		root, diag os.FileMode // 0: there is none
		may        bool
	}{
		"the owner":             {us, 0o700, 0, true},
		"an owner who may not":  {us, 0o755, 0o577, false},
		"the group":             {group, 0o770, 0, true},
		"a group that may not":  {group, 0o757, 0, false},
		"ourselves":             {nil, 0o755, 0, true},
		"not made":              {somebody, 0o755, 0, false},
		"everybody's":           {somebody, 0o777, 0, true},
		"made, not given":       {somebody, 0o777, 0o755, false},
		"made, and everybody's": {somebody, 0o755, 0o777, true},
	} {
		r := listenerOf(t, "")
		r.User = c.user
		if c.diag != 0 {
			if err := os.Mkdir(filepath.Join(r.Root, "_diag"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(filepath.Join(r.Root, "_diag"), c.diag); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chmod(r.Root, c.root); err != nil {
			t.Fatal(err)
		}
		if err := r.CheckStart(); (err == nil) != c.may {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestCheckWork(t *testing.T) {
	dir := t.TempDir() // of ours alone
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	somebody := &User{Name: "somebody", UID: 54321, GID: 54321, Groups: []uint32{54321}}
	type checked struct {
		work string
		user *User
		says string
	}
	cases := map[string]checked{
		"default":            {"", nil, ""},
		"another":            {"work", nil, ""},
		"outside":            {"../work", nil, "leaves the runner's directory"},
		"a volume":           {filepath.Join(dir, "work", "deep"), nil, ""},
		"a file":             {file, nil, "is not a directory"},
		"below a file":       {filepath.Join(file, "work"), nil, "not a directory"},
		"shut to the user":   {filepath.Join(dir, "work", "deep"), somebody, `as user "somebody", who may not enter`},
		"default, as a user": {"", somebody, `as user "somebody", who may not enter`},
	}
	if os.Getuid() != 0 { // whom nothing is shut to
		cases["somebody else's"] = checked{"/proc/work", nil, `cannot write to "/proc"`}
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := listenerOf(t, "")
			if err := os.Chmod(filepath.Dir(r.Root), 0o700); err != nil {
				t.Fatal(err)
			}
			r.Work, r.User = c.work, c.user
			got, err := r.CheckWork()
			if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %q, %v, want %q", got, err, c.says)
			}
			if entries, err := os.ReadDir(r.Root); err != nil || len(entries) != 1 {
				t.Errorf("something was made: %v, %v", entries, err)
			}
		})
	}
}

// A pipe in the place of a program keeps nobody waiting.
func TestLooksAtNoPipe(t *testing.T) {
	r := &Runner{Root: t.TempDir()}
	if err := os.Mkdir(filepath.Join(r.Root, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{listenerPath, dependencies} {
		if err := syscall.Mkfifo(filepath.Join(r.Root, name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.Architecture(); err == nil || r.BuiltVersion() != "" {
		t.Errorf("a pipe has an architecture (%v), or a version %q", err, r.BuiltVersion())
	}
}
