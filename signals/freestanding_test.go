package signals_test

import (
	"cmp"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/need"
)

// program is a build of the command.
type program struct {
	path      string
	arch      string
	entry     string       // the function that the kernel jumps to
	functions []elf.Symbol // in the order of their addresses
	variables map[string]bool
}

// variant is how to build it.
type variant struct {
	name string
	env  []string
	args []string
}

// build builds the command and reads its table of symbols.
func build(t *testing.T, v variant) program {
	t.Helper()
	p := program{path: filepath.Join(t.TempDir(), "runner-init"), variables: map[string]bool{}}
	args := append([]string{"build", "-o", p.path}, v.args...)
	cmd := exec.CommandContext(t.Context(), "go", append(args, "../cmd/runner-init")...)
	cmd.Env = append(os.Environ(), v.env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(cmd.Args[1:], " "), err, out)
	}
	p.read(t)
	return p
}

func (p *program) read(t *testing.T) {
	t.Helper()
	file, err := elf.Open(p.path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	p.arch = map[elf.Machine]string{elf.EM_X86_64: "amd64", elf.EM_AARCH64: "arm64"}[file.Machine]
	symbols, err := file.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range symbols {
		switch {
		case elf.ST_TYPE(s.Info) == elf.STT_FUNC:
			p.functions = append(p.functions, s)
		case elf.ST_TYPE(s.Info) == elf.STT_OBJECT && int(s.Section) < len(file.Sections):
			p.variables[s.Name] = file.Sections[s.Section].Flags&elf.SHF_WRITE != 0
		}
	}
	slices.SortStableFunc(p.functions, func(a, b elf.Symbol) int { return cmp.Compare(a.Value, b.Value) })
	p.entry = p.containing(file.Entry)
}

// function is what the machine code of one says.
type function struct {
	name     string
	calls    []string // also jumps to others
	indirect []string // calls of what is known only at run time
	names    []string // everything that is referred to by name
}

var (
	// The lines of go tool objdump: TEXT name(SB) file, and file:line, address, code, instruction.
	heading     = regexp.MustCompile(`^TEXT (.+)\(SB\) `)
	instruction = regexp.MustCompile(`^  \S+\t+0x[0-9a-f]+\t+[0-9a-f]+\t+(\S+)(?: (.*?))?\s*$`)
	named       = regexp.MustCompile(`([^\s,$]+?)(?:\+\d+)?\(SB\)`)
)

// disassemble returns the functions whose name the expression matches.
func (p *program) disassemble(t *testing.T, expression string) map[string]*function {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "tool", "objdump", "-s", expression, p.path).Output()
	if err != nil {
		t.Fatalf("go tool objdump: %v", err)
	}
	all := map[string]*function{}
	var current *function
	for line := range strings.Lines(string(out)) {
		if h := heading.FindStringSubmatch(line); h != nil {
			current = &function{name: h[1]}
			all[h[1]] = current
			continue
		}
		i := instruction.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if i == nil {
			if strings.TrimSpace(line) != "" {
				t.Fatalf("cannot read what go tool objdump says: %q", line)
			}
			continue
		}
		p.note(current, i[1], i[2])
	}
	return all
}

func (p *program) note(f *function, mnemonic, operands string) {
	for _, n := range named.FindAllStringSubmatch(operands, -1) {
		f.names = append(f.names, n[1])
	}
	target, direct := strings.CutSuffix(operands, "(SB)")
	switch {
	case mnemonic != "CALL" && mnemonic != "JMP" && mnemonic != "BL" && mnemonic != "B":
	case direct:
		f.calls = append(f.calls, target)
	case strings.HasPrefix(operands, "0x"):
		// Into the middle of a function: a label of this one, or one of the runtime's block operations.
		at, _ := strconv.ParseUint(operands[2:], 16, 64)
		if name := p.containing(at); name != f.name {
			f.calls = append(f.calls, name)
		}
	case mnemonic == "CALL" || mnemonic == "BL": // such a jump is a table of a switch
		f.indirect = append(f.indirect, mnemonic+" "+operands)
	}
}

// containing is the function that an address lies in.
func (p *program) containing(address uint64) string {
	i, exact := slices.BinarySearchFunc(p.functions, address, func(s elf.Symbol, at uint64) int { return cmp.Compare(s.Value, at) })
	if !exact {
		i--
	}
	if i < 0 || address >= p.functions[i].Value+p.functions[i].Size {
		return ""
	}
	return p.functions[i].Name
}

// TestEntry: the kernel starts the init, not Go's runtime, in every kind of build that has an init without one.
func TestEntry(t *testing.T) {
	plain := []string{"CGO_ENABLED=0"}
	native := []string{"CGO_ENABLED=1"}
	tests := []struct {
		variant
		ours bool
	}{
		{variant{"plain", plain, nil}, true},
		{variant{"position-independent", plain, []string{"-buildmode=pie"}}, true},
		{variant{"with cgo", native, nil}, true},
		{variant{"purego", plain, []string{"-tags=nethttpomithttp2,purego"}}, false},
		{variant{"race detector", native, []string{"-race", "-gcflags=all="}}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if slices.Equal(test.env, native) {
				need.Installed(t, "gcc")
			}
			p := build(t, test.variant)
			want := "_rt0_" + p.arch + "_linux"
			if p.entry != want {
				t.Fatalf("the program begins with %q, want %s", p.entry, want)
			}
			code := p.disassemble(t, "^"+want+"$")[want]
			if code == nil {
				t.Fatal("its code is not to be had")
			}
			if calls := slices.Contains(code.calls, "main.enter.abi0"); calls != test.ours {
				t.Errorf("it calls %q; main.enter among them: %t, want %t", code.calls, calls, test.ours)
			}
		})
	}
}
