package signals

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// grammar is what a program understands: one of ours, or one in which names begin with others.
type grammar struct {
	short   string
	long    []longOption
	permute bool
}

func grammars() []grammar {
	var ours []longOption
	for _, f := range flags {
		ours = append(ours, longOption{f.name, f.argument, f.letter})
	}
	return []grammar{
		{"hvVcr:", dumbInitOptions[:], false},
		{"p:hvwgle:s", nil, true},
		{"p:hvwgle:s", nil, false},
		{"cgr:e:sp:wvhVl", ours, false},
		{"cgr:e:sp:wvhVl", ours, true}, // not so in any of them, but the pieces should fit together
		{"vg:", []longOption{{"re", noArgument, 'a'}, {"report", optionalArgument, 'b'}, {"rewrite", requiredArgument, 'c'}, {"rep", requiredArgument, 'd'}}, true},
	}
}

// reading is what came of a command line.
type reading struct {
	message  string
	options  []string // letter and argument
	operands []string
}

func (g grammar) read(t testing.TB, args []string) (r reading) {
	t.Helper()
	argv := cArgs(args...)
	o := options{argv: argv, name: args[0], short: g.short, long: g.long, permute: g.permute, next: 1}
	r.message = printed(t, 2, func() {
		for range 1 << 10 {
			c := o.read()
			if c == noMore {
				break
			}
			r.options = append(r.options, string(rune(c))+o.argument)
			if c == mistake {
				break
			}
		}
	})
	r.operands = texts(argv[o.next:])
	return r
}

func (g grammar) ask(t testing.TB, c *clib, args []string) (r reading) {
	t.Helper()
	order := "+"
	if g.permute {
		order = ""
	}
	request := []string{"options", order + g.short, fmt.Sprint(len(g.long))}
	for _, l := range g.long {
		request = append(request, l.name, fmt.Sprint(l.argument), string(rune(l.letter)))
	}
	answer := c.ask(t, append(request, args...)...)
	r.message = answer[0]
	at := 1 + slices.Index(answer[1:], "")
	r.options, r.operands = answer[1:at], answer[at+1:]
	return r
}

// compare holds our reader to the C library's. After a mistake every program ends, so that the operands do not matter.
func (g grammar) compare(t testing.TB, c *clib, args []string) {
	t.Helper()
	got, want := g.read(t, args), g.ask(t, c, args)
	wrong := len(want.options) > 0 && want.options[len(want.options)-1] == string(rune(mistake))
	if got.message != want.message || !slices.Equal(got.options, want.options) || !wrong && !slices.Equal(got.operands, want.operands) {
		t.Errorf("%q (permute: %t)\n got %q\nwant %q", args, g.permute, got, want)
	}
}

// Pieces of command lines, right and wrong.
var pieces = []string{
	"-", "--", "-c", "-v", "-vv", "-vg", "-vcg", "-r", "-r15:3", "-r", "15:3", "-vr", "-vr15:3", "-e", "-e143", "-ve", "-p", "SIGTERM",
	"-x", "-vx", "-vxv", "-:", "-;", "-r:", "-h", "-l", "-s", "-V", "---", "--=", "--=x", "-=", "-?",
	"--verbose", "--verb", "--ver", "--ve", "--v", "--version", "--vers", "--help", "--he", "--h", "--rewrite", "--rewrite=15:3",
	"--rewrite=", "--rew", "--rew=1:2", "--re", "--r", "--rep", "--single-child", "--single-child=1", "--s", "--set", "--sub", "--nope", "--nope=1",
	"--ver=1", "--wait", "--wait=5s", "--wait=", "--wa", "--w", "--g", "--gr", "--grace", "--gra=1", "--delay", "--delay=TERM:1s", "--all", "--license=x",
	"echo", "foo", "", "\xff", "-\xff", "--\xff", "a=b", "-e=1",
}

func TestOptions(t *testing.T) {
	c := newClib(t)
	random := rand.New(rand.NewPCG(1, 2))
	for _, g := range grammars() {
		for _, one := range pieces {
			g.compare(t, c, []string{"program", one})
			for _, other := range []string{"-v", "--", "echo", "-r"} {
				g.compare(t, c, []string{"program", one, other})
				g.compare(t, c, []string{"program", other, one})
			}
		}
		for range 1500 {
			args := []string{"/bin/program"}
			for range random.IntN(7) {
				args = append(args, pieces[random.IntN(len(pieces))])
			}
			g.compare(t, c, args)
		}
		if t.Failed() {
			return
		}
	}
}

func FuzzOptions(f *testing.F) {
	for i, line := range []string{"-v\n-r\n15:3\necho\n-v", "--ver", "echo\n-v\n--\n-v", "-vr15:3\n--rewrite=1:2\n\n-", "a\n-e\n1\nb\n--\n-c"} {
		f.Add(uint8(i), line)
	}
	c := newClib(f)
	f.Fuzz(func(t *testing.T, which uint8, line string) {
		args := append([]string{"program"}, strings.Split(mute(line), "\n")...)
		if len(args) > 100 || len(line) > 1000 {
			return
		}
		all := grammars()
		all[int(which)%len(all)].compare(t, c, args)
	})
}

// TestOptionsAtTheEnd: who asks once more is told the same.
func TestOptionsAtTheEnd(t *testing.T) {
	o := options{argv: cArgs("program", "-v", "echo", "-v"), name: "program", short: "v", permute: true, next: 1}
	for i, want := range []byte{'v', 'v', noMore, noMore} {
		if got := o.read(); got != want {
			t.Errorf("option %d: got %q, want %q", i, got, want)
		}
	}
	if got := texts(o.argv[o.next:]); !slices.Equal(got, []string{"echo"}) {
		t.Errorf("the operands are %q", got)
	}
}
