package signals_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	module  = "github.com/runner-init/runner-init/"
	ownCode = `^(main|github\.com/runner-init/runner-init/(signals|internal/health))\.|^_rt0_[a-z0-9]+_linux$|^syscall\.Errno\.Error$`
	initial = `\.init(\.\d+)?$`
)

// works is what the init may call besides itself, each with the reason why it needs nothing of the runtime's.
var works = []struct{ name, why string }{
	{`_rt0_(amd64|arm64)`, "the runtime's own beginning: from here on it exists"},
	{`runtime\.(memequal|memmove|memclrNoHeapPointers|duffzero|duffcopy)(\.abi0)?`, "a loop over memory, without a frame"},
	{`runtime\.gcWriteBarrier\d`, "called only while the collector marks, which is never before it exists"},
	{`runtime\.(panicBounds|panicunsafe\w+|panicshift|panicdivide|panicSlice\w+|panicIndex\w*)(\.abi0)?`, "the consequence of a bug: a crash either way"},
	{`runtime\.morestack(_noctxt)?(\.abi0)?`, "the stack of a g of zeros has no bottom, so that there is always enough"},
	{`syscall\.Errno\.Error`, "indexes a table of constants; reason keeps the numbers without a text away from it"},
	{`syscall\.RawSyscall6?(\.abi0)?`, "nothing but the kernel's instruction, and no look at the stack"},
	{`type:\.eq\..*`, "compares memory"},
}

func worksWithoutRuntime(name string) bool {
	return slices.ContainsFunc(works, func(w struct{ name, why string }) bool {
		return regexp.MustCompile("^" + w.name + "$").MatchString(name)
	})
}

var freestanding = []variant{
	{"amd64", []string{"CGO_ENABLED=0", "GOARCH=amd64"}, nil},
	{"amd64 without demo", []string{"CGO_ENABLED=0", "GOARCH=amd64"}, []string{"-tags=nethttpomithttp2,nodemo"}},
	{"arm64", []string{"CGO_ENABLED=0", "GOARCH=arm64"}, nil},
	{"arm64 without demo", []string{"CGO_ENABLED=0", "GOARCH=arm64"}, []string{"-tags=nethttpomithttp2,nodemo"}},
}

// TestFreestanding follows every call from the program's entry point through the machine code. What is reached runs
// before Go's runtime exists: it may not allocate, nor ask the scheduler for anything, and cannot panic. The compiler
// decides what needs the runtime, so that only its result can tell.
func TestFreestanding(t *testing.T) {
	for _, v := range freestanding {
		t.Run(v.name, func(t *testing.T) {
			p := build(t, v)
			code := p.disassemble(t, ownCode)
			from := p.walk(t, code)
			for _, name := range []string{
				"signals.Exec", "signals.Tini", "signals.DumbInit", "signals.Supervise", "signals.(*reaper).loop", "signals.(*reaper).spawn",
				"signals.(*reaper).become", "signals.put", "signals.syscall6.abi0", "internal/health.Ask",
			} {
				if _, reached := from[module+name]; !reached {
					t.Errorf("%s was not reached: either it is not part of the init any more, or the walk is broken", name)
				}
			}
			p.checkVariables(t, code, from)
		})
	}
}

// walk visits what can be reached, and returns for each function the one that it was first called from.
func (p *program) walk(t *testing.T, code map[string]*function) (from map[string]string) {
	t.Helper()
	from = map[string]string{p.entry: ""}
	for queue := []string{p.entry}; len(queue) > 0; {
		name := queue[0]
		queue = queue[1:]
		if worksWithoutRuntime(name) {
			continue
		}
		f := code[name]
		if f == nil || strings.Contains(name, "syscall.") {
			t.Errorf("the init calls %s, which may need the runtime:\n\t%s", name, way(from, name))
			continue
		}
		for _, c := range f.indirect {
			t.Errorf("%s: %s: nobody knows where that leads", name, c)
		}
		for _, callee := range f.calls {
			if _, seen := from[callee]; !seen {
				from[callee] = name
				queue = append(queue, callee)
			}
		}
	}
	return from
}

// way is the chain of calls that leads to a function.
func way(from map[string]string, name string) string {
	var chain []string
	for ; name != ""; name = from[name] {
		chain = append(chain, strings.TrimPrefix(name, module))
	}
	slices.Reverse(chain)
	return strings.Join(chain, " > ")
}

// checkVariables: what the init reads has been laid out by the linker. Package initialization, which comes after it,
// assigns to nothing that it refers to. The names of variables are in the disassembly of amd64 alone; what the compiler
// leaves to initialization does not depend on the architecture.
func (p *program) checkVariables(t *testing.T, code map[string]*function, reached map[string]string) {
	t.Helper()
	for _, s := range p.functions {
		if strings.HasPrefix(s.Name, module+"signals.") && regexp.MustCompile(initial).MatchString(s.Name) {
			t.Errorf("%s is there: a variable of signals is assigned to only after the init has read it", s.Name)
		}
	}
	if p.arch != "amd64" {
		return
	}
	users := map[string]string{}
	for name := range reached {
		if code[name] == nil {
			continue
		}
		for _, v := range code[name].names {
			if p.variables[v] && !strings.HasPrefix(v, "runtime.") { // which works with all of its own at 0
				users[v] = name
			}
		}
	}
	for _, v := range []string{module + "signals.flags", module + "signals.signalTexts", "syscall.errors"} {
		if users[v] == "" {
			t.Errorf("nobody reads %s: the search for variables is broken", v)
		}
	}
	inits := p.disassemble(t, initial)
	if inits["main.init"] == nil && inits["os.init"] == nil {
		t.Error("no package initializes anything: the search for it is broken")
	}
	for name, f := range inits {
		for _, v := range slices.Compact(slices.Sorted(slices.Values(f.names))) {
			if user := users[v]; user != "" {
				t.Errorf("%s assigns to %s only after %s has read it", name, v, user)
			}
		}
	}
}
