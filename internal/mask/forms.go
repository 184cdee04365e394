package mask

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// minimum is the length in bytes from which a secret, or a line of one, is looked for. No credential of GitHub's is as
// short, and a shorter one would be found everywhere.
const minimum = 8

// forms returns every form in which one of the secrets may stand in a text, each once.
func forms(secrets []string) (all []string) {
	seen := map[string]bool{}
	for _, secret := range secrets {
		for _, part := range parts(secret) {
			for _, form := range spellings(part) {
				if len(form) >= minimum && !seen[form] {
					seen[form] = true
					all = append(all, form)
				}
			}
		}
	}
	return all
}

// parts returns a secret and, where it has several, its lines: somebody may print each on its own. The lines of a key may
// be escaped, and the whole of it encoded once more, as registration reads it.
func parts(secret string) []string {
	all := []string{secret}
	lines := strings.NewReplacer(`\r`, "\n", `\n`, "\n", "\r", "\n").Replace(secret)
	if strings.Contains(lines, "\n") {
		all = append(all, strings.FieldsFunc(lines, func(r rune) bool { return r == '\n' })...)
	}
	if inner, err := base64.StdEncoding.DecodeString(strings.TrimSpace(secret)); err == nil && bytes.Contains(inner, []byte("-----BEGIN ")) {
		all = append(all, parts(string(inner))...)
	}
	return all
}

// spellings are the ways in which libraries write a text: plain, quoted, as JSON, in a URL, and as bytes.
func spellings(text string) []string {
	if len(text) < minimum {
		return nil
	}
	plain, html := new(bytes.Buffer), new(bytes.Buffer)
	encoder := json.NewEncoder(plain)
	encoder.SetEscapeHTML(false)
	_, _ = encoder.Encode(text), json.NewEncoder(html).Encode(text) // a buffer takes all
	all := []string{
		text, inner(strconv.Quote(text)), inner(strconv.QuoteToASCII(text)), inner(plain.String()), inner(html.String()),
		url.QueryEscape(text), url.PathEscape(text), (&url.URL{Path: text}).EscapedPath(),
	}
	if len(text) > long { // a whole key, or a just-in-time configuration, which is base64 of base64 itself
		return all
	}
	code := hex.EncodeToString([]byte(text))
	all = append(all, code, strings.ToUpper(code), fmt.Sprintf("% x", text), inner(fmt.Sprint([]byte(text))))
	for offset := range 3 {
		all = append(all, within(base64.StdEncoding, text, offset), within(base64.URLEncoding, text, offset))
	}
	return all
}

// inner is a text without what encloses it.
func inner(quoted string) string {
	quoted = strings.TrimSuffix(quoted, "\n")
	return quoted[1 : len(quoted)-1]
}

// within returns what is always the same of the base64 of something that holds a text: offset is how many bytes, counted
// by threes, come before it.
func within(encoding *base64.Encoding, text string, offset int) string {
	code := encoding.WithPadding(base64.NoPadding).EncodeToString(append(make([]byte, offset), text...))
	begin := (offset*8 + 5) / 6 // characters that what comes before has a part in
	end := (offset + len(text)) * 8 / 6
	return code[begin:end]
}
