package signals

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func FuzzDecodeEnviron(f *testing.F) {
	for _, seed := range []string{"", "\x00", "A=1\x00", "A=1\x00A=1\x00\x00B", "A=1\x00\x00\x00"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, block []byte) {
		environ, err := DecodeEnviron(block)
		if cut := len(block) > 0 && block[len(block)-1] != 0; (err != nil) != cut {
			t.Fatalf("%q: got error %v", block, err)
		}
		if err != nil {
			return
		}
		again, err := EncodeEnviron(environ)
		if err != nil || !bytes.Equal(again, block) {
			t.Fatalf("%q became %q, then %q (%v)", block, environ, again, err)
		}
	})
}

func FuzzEncodeEnviron(f *testing.F) {
	f.Add("A=1", "", "A=1")
	f.Add("no equals sign", "B=x\x00y", "C=\xff")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		environ := []string{a, b, c}
		block, err := EncodeEnviron(environ)
		if nul := strings.Contains(a+b+c, "\x00"); (err != nil) != nul {
			t.Fatalf("%q: got error %v", environ, err)
		}
		if err != nil {
			return
		}
		again, err := DecodeEnviron(block)
		if err != nil || !slices.Equal(again, environ) {
			t.Fatalf("%q came back as %q (%v)", environ, again, err)
		}
	})
}

func TestEncodeErrorKeepsTheSecret(t *testing.T) {
	_, err := EncodeEnviron([]string{"A=1", "TOKEN=for-tests-only\x00"})
	if want := "cannot encode environment entry 1: it contains a NUL"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
