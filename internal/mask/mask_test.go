package mask_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/mask"
)

const (
	canary = `not-a-token/"of"+anyone\here&<now>`
	plain  = "not-a-real-token-of-anyone-0123456789"
	pem    = "-----BEGIN RSA PRIVATE KEY-----\nbm90LWEtcmVhbC1rZXktbGluZS1vbmUtb2Ytc2V2ZXJhbA==\nbm90LWEtcmVhbC1rZXktbGluZS10d28tb2Ytc2V2ZXJhbA==\nsecond2last\n-----END RSA PRIVATE KEY-----\n"
)

// form is a secret as somebody wrote it, and what stands around it.
type form struct{ before, secret, after string }

// written is how libraries write what they are given.
func written(secret string) map[string]form {
	asJSON, _ := json.Marshal(secret)
	bare := new(bytes.Buffer)
	e := json.NewEncoder(bare)
	e.SetEscapeHTML(false)
	_ = e.Encode(secret)
	between := func(text string) string { return strings.TrimSpace(text)[1 : len(strings.TrimSpace(text))-1] }
	forms := map[string]form{
		"plain": {"bad ", secret, "!"}, "%q": {`"`, between(fmt.Sprintf("%q", secret)), `"`}, "%+q": {`"`, between(fmt.Sprintf("%+q", secret)), `"`},
		"%x": {"<", fmt.Sprintf("%x", secret), ">"}, "%X": {"<", fmt.Sprintf("%X", secret), ">"}, "% x": {"<", fmt.Sprintf("% x", secret), ">"},
		"bytes": {"[97 98 ", between(fmt.Sprint([]byte(secret))), " 99]"},
		"JSON":  {`{"error":"bad `, between(string(asJSON)), `"}`}, "JSON without HTML": {`{"error":"bad `, between(bare.String()), `"}`},
		"query": {"https://api.test/x?token=", url.QueryEscape(secret), "&y=1"}, "path": {"/x/", url.PathEscape(secret), "/y"},
		"URL":             {"https://api.test/", (&url.URL{Path: secret}).EscapedPath(), "/y"},
		"cut on the left": {"", secret[len(secret)/3:], " "}, "cut on the right": {" ", secret[:len(secret)*2/3], "…"}, "twice": {"", secret + secret, ""},
	}
	for i, user := range []string{"", "u", "us"} {
		forms[fmt.Sprint("Basic ", i)] = form{"Basic ", base64.StdEncoding.EncodeToString([]byte(user + secret + ":x")), " "}
		forms[fmt.Sprint("base64 for URLs ", i)] = form{"/", base64.RawURLEncoding.EncodeToString([]byte(user + secret)), "/"}
	}
	return forms
}

// A secret is taken out in whatever form it was written, and all around it stays. Of base64, a few characters are made of
// what stands beside the secret, too.
func TestForms(t *testing.T) {
	for _, secret := range []string{canary, plain} {
		m := mask.New("a-second-secret-without-meaning", secret)
		for name, f := range written(secret) {
			got, left := m.String(f.before+f.secret+f.after), 0
			if strings.HasPrefix(name, "B") || strings.HasPrefix(name, "base64") {
				left = 9
			}
			rest, begins := strings.CutPrefix(got, f.before)
			rest, ends := strings.CutSuffix(rest, f.after)
			if !begins || !ends || !strings.Contains(rest, mask.Redacted) || len(rest) > len(mask.Redacted)+left {
				t.Errorf("%s: %q became %q", name, f.before+f.secret+f.after, got)
			}
		}
	}
}

func TestKeyLineByLine(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(pem), "\n")
	for name, given := range map[string]string{
		"file": pem, "escaped": strings.ReplaceAll(pem, "\n", `\n`), "CRLF": strings.ReplaceAll(pem, "\n", "\r\n"),
		"base64": base64.StdEncoding.EncodeToString([]byte(pem)), "base64 of escaped": base64.StdEncoding.EncodeToString([]byte(strings.ReplaceAll(pem, "\n", `\n`))),
	} {
		m := mask.New(given)
		for _, line := range lines[1:4] {
			for _, text := range []string{"line: " + line + ".", fmt.Sprintf("%x", line), url.QueryEscape(line), base64.StdEncoding.EncodeToString([]byte(line))} {
				if got := m.String(text); !strings.Contains(got, mask.Redacted) {
					t.Errorf("%s: %q is left as it was", name, text)
				}
			}
		}
		if got := m.String(pem); strings.Contains(got, "bm90") || strings.Contains(got, "2last") {
			t.Errorf("%s: the key is left: %q", name, got)
		}
		if got := m.String(fmt.Sprintf("%q", pem)); strings.Contains(got, "bm90") {
			t.Errorf("%s: the quoted key is left: %q", name, got)
		}
	}
}

// Secrets that overlap are taken out together: none shields a part of the other.
func TestOverlap(t *testing.T) {
	m := mask.New("abcdefgh12345678", "12345678stuvwxyz", "abcdefgh12345678-and-more")
	for text, want := range map[string]string{
		"<abcdefgh12345678stuvwxyz>":        "<[redacted]>",
		"<abcdefgh12345678-and-more>":       "<[redacted]>",
		"<abcdefgh1234567812345678stuvwxyz": "<[redacted]",
		"abcdefgh12345678 12345678stuvwxyz": "[redacted] [redacted]",
		"abcdefgh 12345678":                 "abcdefgh 12345678", // a piece is no secret
	} {
		if got := m.String(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// Short secrets are found whole, and what is too short to be one is left alone.
func TestShort(t *testing.T) {
	m := mask.New("eightchr", "twelve-chars", "short", "", "\n\n")
	if got := m.String("eightchr twelve-chars twelve-char short"); got != "[redacted] [redacted] twelve-char short" {
		t.Errorf("got %q", got)
	}
}

// What GitHub hands out later is known from then on, the last of many.
func TestAdd(t *testing.T) {
	m := mask.New(plain)
	if m.String("a-minted-token-1") == mask.Redacted {
		t.Fatal("known before it was told")
	}
	for i := range 40 {
		m.Add(fmt.Sprint("a-minted-token-", i))
	}
	known := m.Add("a-minted-token-39")
	if len(known) != 32 || known[31] != "a-minted-token-39" {
		t.Errorf("it knows %d: %q", len(known), known)
	}
	if got := m.String("a-minted-token-39 " + plain + " a-minted-token-7!"); got != "[redacted] [redacted] a-minted-token-7!" {
		t.Errorf("got %q", got)
	}
}

func TestNothingKnown(t *testing.T) {
	for _, m := range []*mask.Mask{nil, new(mask.Mask), mask.New(), mask.New("short")} {
		var out bytes.Buffer
		w := m.Writer(&out)
		fmt.Fprint(w, plain+"\n"+strings.Repeat("x", 100<<10))
		w.Flush()
		if got := m.String(plain); got != plain || out.Len() != len(plain)+1+100<<10 {
			t.Errorf("it masked: %q, %d", got, out.Len())
		}
	}
}

// A line without a secret is passed on as it is, and costs no memory.
func TestNoCopy(t *testing.T) {
	m := mask.New(plain, canary, pem)
	line := []byte(`{"time":"2026-11-20T14:40:00Z","level":"INFO","msg":"phase changed","phase":"listening","from":"starting"}` + "\n")
	if got := m.Bytes(line); &got[0] != &line[0] {
		t.Error("it was copied")
	}
	var out last
	w := m.Writer(&out)
	w.Write(line)
	if &out.text[0] != &line[0] {
		t.Error("the writer copied it")
	}
	if n := testing.AllocsPerRun(100, func() { w.Write(line) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// last is a writer that keeps what it was given last.
type last struct{ text []byte }

func (l *last) Write(p []byte) (int, error) {
	l.text = p
	return len(p), nil
}

// Wherever a text is divided, the secret in it is found.
func TestSplitWrites(t *testing.T) {
	m := mask.New(plain, canary)
	text := "first " + plain + "\nsecond " + canary + " end\nlast " + plain
	for i := range text {
		for _, j := range []int{i, min(i+1, len(text)), len(text) - (len(text)-i)/2} {
			var out bytes.Buffer
			w := m.Writer(&out)
			for _, piece := range []string{text[:i], text[i:j], text[j:]} {
				if n, err := w.Write([]byte(piece)); n != len(piece) || err != nil {
					t.Fatal(n, err)
				}
			}
			w.Flush()
			if got := out.String(); got != "first [redacted]\nsecond [redacted] end\nlast [redacted]" {
				t.Fatalf("divided at %d and %d: %q", i, j, got)
			}
		}
	}
}

// A line without an end does not fill the memory, and is not divided inside a secret.
func TestEndlessLine(t *testing.T) {
	m := mask.New(plain, strings.Repeat("0123456789abcdef", 1000)+plain)
	for around := 64<<10 - 400; around < 64<<10+100; around += 7 {
		var out bytes.Buffer
		w := m.Writer(&out)
		for piece := []byte(strings.Repeat("x", around) + plain + strings.Repeat("y", 1000)); len(piece) > 0; {
			n := min(100, len(piece))
			w.Write(piece[:n])
			piece = piece[n:]
		}
		if out.Len() == 0 {
			t.Fatal("all of it is held")
		}
		w.Flush()
		if want := strings.Repeat("x", around) + mask.Redacted + strings.Repeat("y", 1000); out.String() != want {
			t.Fatalf("after %d: %d bytes, of %d, %q", around, out.Len(), len(want), strings.Trim(out.String(), "xy"))
		}
	}
}

func TestWriterError(t *testing.T) {
	broken := errors.New("broken")
	w := mask.New(plain).Writer(failing{broken})
	if _, err := w.Write([]byte("x\n")); err != broken {
		t.Errorf("got %v", err)
	}
	w.Write([]byte("x"))
	if err := w.Flush(); err != broken {
		t.Errorf("got %v", err)
	}
}

type failing struct{ error }

func (f failing) Write([]byte) (int, error) { return 0, f.error }

// Whatever stands around a secret and however it is divided: the secret is gone, and all else is still there.
func FuzzWriter(f *testing.F) {
	f.Add(plain, "before ", " after\n", uint8(3), uint8(20))
	f.Add(canary, "\n", "", uint8(0), uint8(1))
	f.Add("aaaaaaaaaaaaaaaa", "aaa", "aaaa\n\n", uint8(7), uint8(9))
	f.Fuzz(func(t *testing.T, secret, before, after string, i, j uint8) {
		m := mask.New(secret)
		if len(secret) < 8 || strings.ContainsAny(secret, "\n\r") {
			return
		}
		text := before + secret + after
		var out bytes.Buffer
		w := m.Writer(&out)
		first, second := min(int(i), len(text)), min(int(i)+int(j), len(text))
		for _, piece := range []string{text[:first], text[first:second], text[second:]} {
			w.Write([]byte(piece))
		}
		w.Flush()
		if strings.Contains(strings.ReplaceAll(out.String(), mask.Redacted, "\x00\x01"), secret) && !strings.Contains(mask.Redacted, secret) && !strings.ContainsAny(secret, "\x00\x01") {
			t.Errorf("%q is in %q", secret, out.String())
		}
		if m.String(before) == before && m.String(after) == after && len(out.String()) > len(text)+len(mask.Redacted) {
			t.Errorf("%q became %q", text, out.String())
		}
	})
}

func BenchmarkLine(b *testing.B) {
	key := strings.Repeat("bm90LWEtcmVhbC1rZXktbGluZS1vbmUtb2Ytc2V2ZXJhbA==\n", 27)
	m := mask.New(plain, key, strings.Repeat(plain, 200))
	line := []byte(`{"time":"2026-11-20T14:40:00Z","level":"INFO","msg":"phase changed","phase":"listening","from":"starting"}` + "\n")
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		m.Bytes(line)
	}
}
