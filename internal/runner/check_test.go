package runner

import (
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
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
