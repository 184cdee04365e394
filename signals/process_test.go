package signals

import (
	"runtime"
	"slices"
	"testing"
	"unsafe"
)

// stack is what the kernel leaves for a new process.
type stack struct {
	words   []uintptr
	strings []*byte // keeps alive what the words point at
}

// vector is the auxiliary vector of such a stack.
var vector = []uintptr{6, 4096, 25, 0xabc, 0, 0}

func newStack(args, environ []string) *stack {
	s := &stack{words: []uintptr{uintptr(len(args))}}
	for _, list := range [][]string{args, environ} {
		for _, p := range cArgs(list...) {
			s.strings = append(s.strings, p)
			s.words = append(s.words, uintptr(unsafe.Pointer(p)))
		}
		s.words = append(s.words, 0)
	}
	s.words = append(s.words, vector...)
	return s
}

func (s *stack) pointer() unsafe.Pointer { return unsafe.Pointer(&s.words[0]) }

func TestProcessAt(t *testing.T) {
	lists := [][]string{{}, {""}, {"one"}, {"/bin/program", "run", ""}, {"A=1", "A=1", "no equals sign", "", "Z="}}
	for _, args := range lists {
		for _, environ := range lists {
			s := newStack(args, environ)
			p := ProcessAt(s.pointer())
			if got := texts(p.Args); !slices.Equal(got, args) {
				t.Errorf("got the arguments %q, want %q", got, args)
			}
			if got := texts(p.Environ); !slices.Equal(got, environ) {
				t.Errorf("got the environment %q, want %q", got, environ)
			}
			runtime.KeepAlive(s)
		}
	}
}

func TestProcess(t *testing.T) {
	tests := []struct {
		args []string
		name string
	}{
		{[]string{}, ""}, {[]string{""}, ""}, {[]string{"tini", "-v"}, "tini"}, {[]string{"/usr/bin/dumb-init", "true"}, "dumb-init"},
		{[]string{"./a//b"}, "b"}, {[]string{"a/"}, ""}, {[]string{"/"}, ""},
	}
	for _, test := range tests {
		p := Process{Args: cArgs(test.args...)}
		if got := p.Name(); got != test.name {
			t.Errorf("%q is called %q, want %q", test.args, got, test.name)
		}
		for i := range 4 {
			want := ""
			if i < len(test.args) {
				want = test.args[i]
			}
			if got := p.Arg(i); got != want {
				t.Errorf("%q: argument %d is %q, want %q", test.args, i, got, want)
			}
		}
		for i := range test.args {
			if got := texts(p.From(i).Args); !slices.Equal(got, test.args[i:]) {
				t.Errorf("%q from %d: %q", test.args, i, got)
			}
		}
	}
}

func TestLookup(t *testing.T) {
	environ := cArgs("A=1", "AB=2", "A=3", "EMPTY=", "no equals sign", "", "=x", "LATE=a=b")
	tests := []struct {
		name, want string
		ok         bool
	}{
		{"A", "1", true}, {"AB", "2", true}, {"EMPTY", "", true}, {"LATE", "a=b", true}, {"B", "", false}, {"ABC", "", false}, {"a", "", false}, {"no equals sign", "", false},
	}
	for _, test := range tests {
		if got, ok := lookup(environ, test.name); got != test.want || ok != test.ok {
			t.Errorf("%s: got %q, %t; want %q, %t", test.name, got, ok, test.want, test.ok)
		}
	}
	if _, ok := lookup(nil, "A"); ok {
		t.Error("found in nothing")
	}
}
