package registration

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"
)

func TestKeyForms(t *testing.T) {
	pkcs1 := appPEM()
	bare := x509.MarshalPKCS1PrivateKey(appKey())
	der, err := x509.MarshalPKCS8PrivateKey(appKey())
	if err != nil {
		t.Fatal(err)
	}
	pkcs8 := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	std, url := base64.StdEncoding, base64.RawURLEncoding
	for name, text := range map[string]string{
		"PKCS#1":           pkcs1,
		"PKCS#8":           pkcs8,
		"white space":      " \n" + pkcs1 + "\n\n",
		"CRLF":             strings.ReplaceAll(pkcs8, "\n", "\r\n"),
		`\n`:               strings.ReplaceAll(pkcs1, "\n", `\n`),
		`\r\n`:             strings.ReplaceAll(pkcs1, "\n", `\r\n`),
		"spaces":           strings.ReplaceAll(pkcs8, "\n", " "),
		"base64":           std.EncodeToString([]byte(pkcs1)),
		"base64 in lines":  strings.Join(strings.SplitAfterN(std.EncodeToString([]byte(pkcs8)), "A", 9), "\n"),
		"base64, URLs":     url.EncodeToString([]byte(pkcs8)),
		`base64 of \n`:     std.EncodeToString([]byte(strings.ReplaceAll(pkcs1, "\n", `\n`))),
		"base64 of PKCS#1": std.EncodeToString(bare),
		"base64 of PKCS#8": std.EncodeToString(der),
		"text around":      "key:\n" + pkcs1 + "that was it",
	} {
		key, err := parseKey(text)
		if err != nil || !key.Equal(appKey()) {
			t.Errorf("%s: %v", name, err)
		}
	}
	elliptical, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	curve, _ := x509.MarshalPKCS8PrivateKey(elliptical)
	for name, c := range map[string]struct{ text, want string }{
		"nothing":               {"", "no private key"},
		"a token":               {canary, "no private key"},
		"no base64":             {"!" + canary, "neither a PEM file nor the base64 of one"},
		"a path":                {"/run/secrets/key.pem", "neither a PEM file"},
		"cut short":             {pkcs1[:400], "cut short"},
		"damaged":               {strings.Replace(pkcs1, "\n", "\n!", 1), "not base64"},
		"another key":           {string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: bare})), "a public key, not a private key"},
		"a secret for its kind": {"-----BEGIN " + canary + "-----\nAAAA\n-----END X-----", "something else in PEM"},
		"encrypted":             {string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED"}, Bytes: bare})), "encrypted"},
		"a curve":               {string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: curve})), "not an RSA key"},
		"OpenSSH":               {string(pem.EncodeToMemory(&pem.Block{Type: "OPENSSH PRIVATE KEY", Bytes: bare[1:]})), "no private key in PKCS#1 or PKCS#8"},
	} {
		_, err := NewApp(AppSettings{ID: "7", Key: c.text})
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: got error %v, want %q in it", name, err, c.want)
		}
	}
	if _, err := NewApp(AppSettings{Key: pkcs1}); err == nil {
		t.Error("an App without an ID is accepted")
	}
}

// Whatever is given for a key is one, which reads the same however it is written, or is refused without being repeated.
func FuzzKey(f *testing.F) {
	for _, seed := range []string{
		"", "-----BEGIN ", "-----BEGIN RSA PRIVATE KEY-----\nMAA=\n-----END ", "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCkFBQUEKLS0tLS1FTkQg",
		`-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----`, "-----BEGIN not-a-key-but-a-secret-----A-----END -----", appPEM(),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		key, err := parseKey(text)
		if err == nil {
			again, err := parseKey(strings.ReplaceAll(text, "\n", `\n`))
			if err != nil || !again.Equal(key) {
				t.Errorf("with its line breaks written out it is another: %v", err)
			}
			return
		}
		for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == '-' || r == '\n' }) {
			if word = strings.TrimSpace(word); len(word) > 12 && strings.Contains(strings.ToLower(err.Error()), strings.ToLower(word)) {
				t.Errorf("%q is repeated in %v", word, err)
			}
		}
	})
}
