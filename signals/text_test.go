package signals

import (
	"fmt"
	"math"
	"strings"
	"syscall"
	"testing"
)

func TestText(t *testing.T) {
	for _, s := range []string{"", "a", "A=1", "\xff\n", strings.Repeat("x", 10_000)} {
		if got := text(cArgs(s)[0]); got != s {
			t.Errorf("got %q, want %q", got, s)
		}
	}
	if got := text(nil); got != "" {
		t.Errorf("nil is %q", got)
	}
	if got := text(&append([]byte("one\x00two"), 0)[0]); got != "one" {
		t.Errorf("got %q, want what comes before the NUL", got)
	}
}

func FuzzBase(f *testing.F) {
	for _, path := range []string{"", "/", "//", "a", "/a", "a/", "a/b", "/usr/bin/tini", "../a", "./", "a//b//"} {
		f.Add(path)
	}
	c := newClib(f)
	f.Fuzz(func(t *testing.T, path string) {
		path = mute(path)
		if got, want := base(path), c.ask(t, "base", path)[0]; got != want {
			t.Errorf("%q: got %q, want %q", path, got, want)
		}
	})
}

func FuzzStrings(f *testing.F) {
	f.Add("a:b:c", "a:", uint8(':'))
	f.Add("", "", uint8(0))
	f.Add("SIGTERM", "SIG", uint8('T'))
	f.Add("sigTerm", "SIG", uint8('x'))
	f.Add("ſig", "SIG", uint8(0xff))
	f.Fuzz(func(t *testing.T, s, other string, c uint8) {
		if got, want := index(s, c), strings.IndexByte(s, c); got != want {
			t.Errorf("index(%q, %q): got %d, want %d", s, c, got, want)
		}
		if got, want := lastIndex(s, c), strings.LastIndexByte(s, c); got != want {
			t.Errorf("lastIndex(%q, %q): got %d, want %d", s, c, got, want)
		}
		if got, want := hasPrefix(s, other), strings.HasPrefix(s, other); got != want {
			t.Errorf("hasPrefix(%q, %q): got %t", s, other, got)
		}
		big := strings.Map(ascii, other)
		if got, want := hasPrefixFold(s, big), strings.HasPrefix(strings.Map(ascii, s), big); got != want {
			t.Errorf("hasPrefixFold(%q, %q): got %t", s, big, got)
		}
		if got, want := equalFold(s, big), strings.Map(ascii, s) == big; got != want {
			t.Errorf("equalFold(%q, %q): got %t", s, big, got)
		}
	})
}

// ascii is the upper case of a letter that has one in ASCII. Bytes that are no text have to be left out of such a map.
func ascii(r rune) rune {
	if 'a' <= r && r <= 'z' {
		return r - 'a' + 'A'
	}
	return r
}

func TestPut(t *testing.T) {
	long := strings.Repeat("0123456789", 300)
	tests := []struct {
		parts []part
		want  string
	}{
		{nil, ""},
		{[]part{str("")}, ""},
		{[]part{str("one "), num(2), str(" three\n")}, "one 2 three\n"},
		{[]part{num(0), num(-1), num(math.MaxInt)}, fmt.Sprint("0-1", math.MaxInt)},
		{[]part{str(long), num(7), str(long)}, long + "7" + long},
		{[]part{str(long[:1023]), num(12)}, long[:1023] + "12"},
		{[]part{str(long[:1024])}, long[:1024]},
		{[]part{str(long[:1024]), str("x")}, long[:1024] + "x"},
	}
	for _, test := range tests {
		for name, write := range map[string]func(int, ...part){"put": put, "tell": tell} {
			if got := printed(t, 2, func() { write(2, test.parts...) }); got != test.want {
				t.Errorf("%s: got %.100q, want %.100q", name, got, test.want)
			}
		}
	}
}

// TestPutWritesLines: what fits is one write, so that the lines of several processes do not mix.
func TestPutWritesLines(t *testing.T) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_SEQPACKET|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fds[0])
	put(fds[1], str("a line of "), num(3), str(" parts\n"))
	syscall.Close(fds[1])
	var line [100]byte
	n, err := syscall.Read(fds[0], line[:])
	if got := string(line[:max(n, 0)]); err != nil || got != "a line of 3 parts\n" {
		t.Errorf("the first write was %q (%v)", got, err)
	}
}

// TestTellDoesNotWait: an init at work drops what a full pipe does not take, and goes on.
func TestTellDoesNotWait(t *testing.T) {
	var fds [2]int
	if err := syscall.Pipe2(fds[:], syscall.O_CLOEXEC|syscall.O_NONBLOCK); err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fds[0])
	defer syscall.Close(fds[1])
	for range 1 << 16 {
		if _, err := syscall.Write(fds[1], make([]byte, 1<<12)); err != nil {
			break
		}
	}
	if err := syscall.SetNonblock(fds[1], false); err != nil {
		t.Fatal(err)
	}
	tell(fds[1], str("nobody reads this")) // would not return
}

// TestReasons: errors are put in the words of the C library, ours without its capital letter.
func TestReasons(t *testing.T) {
	c := newClib(t)
	for number := -1; number <= 135; number++ {
		want := c.ask(t, "error", fmt.Sprint(number))[0]
		got := joined(capitalReason(errno(number)))
		// 133 is the one that package syscall has no words for.
		if unknown := strings.HasPrefix(want, "Unknown error") || number == 0 || number == 133; unknown {
			want = fmt.Sprint(number)
		}
		if got != want {
			t.Errorf("%d: got %q, want %q", number, got, want)
		}
		if plain := joined(reason(errno(number))); plain == "" || !strings.EqualFold(plain, want) {
			t.Errorf("%d: got %q, want %q", number, plain, want)
		}
	}
}
