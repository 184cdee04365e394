package registration

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"strings"
)

// parseKey reads the private key of a GitHub App in every form in which it comes out of an environment variable: the PEM
// file as it is, its line breaks escaped as \n or turned into spaces, or base64 of any of these or of the bare key.
// Inside is PKCS#1, as GitHub hands it out, or PKCS#8. No error repeats any of it.
func parseKey(text string) (*rsa.PrivateKey, error) {
	text = unescape(text)
	der, armored, err := dearmor(text)
	if err == nil && !armored {
		if der, err = decode(text); err != nil {
			return nil, errors.New("it is neither a PEM file nor the base64 of one")
		}
		if inner, armored, failed := dearmor(unescape(string(der))); armored {
			der, err = inner, failed
		}
	}
	if err != nil {
		return nil, err
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errors.New("it holds no private key in PKCS#1 or PKCS#8")
	}
	if key, ok := key.(*rsa.PrivateKey); ok {
		return key, nil
	}
	return nil, errors.New("it is not an RSA key, as those of GitHub Apps are")
}

func unescape(text string) string {
	return strings.NewReplacer(`\r`, "", `\n`, "\n").Replace(text)
}

// dearmor returns what stands between the two lines of a PEM file, decoded. Unlike encoding/pem it does not need the
// line breaks, which many an environment file has lost.
func dearmor(text string) (der []byte, armored bool, err error) {
	_, rest, begun := strings.Cut(text, "-----BEGIN ")
	if !begun {
		return nil, false, nil
	}
	kind, rest, _ := strings.Cut(rest, "-----")
	body, _, ended := strings.Cut(rest, "-----END ")
	switch {
	case !ended:
		return nil, true, errors.New("it is cut short: the line with END is missing")
	case strings.HasSuffix(kind, "PUBLIC KEY"):
		return nil, true, errors.New("it is a public key, not a private key")
	case !strings.HasSuffix(kind, "PRIVATE KEY"):
		return nil, true, errors.New("it is something else in PEM, not a private key")
	case strings.Contains(body, "ENCRYPTED") || strings.HasPrefix(kind, "ENCRYPTED"):
		return nil, true, errors.New("it is encrypted: decrypt it first, or have GitHub make another")
	}
	der, err = decode(body)
	if err != nil {
		return nil, true, errors.New("what stands between its BEGIN and END is not base64")
	}
	return der, true, nil
}

// decode takes both alphabets of base64, with and without padding and white space.
func decode(text string) ([]byte, error) {
	text = strings.Join(strings.Fields(text), "")
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	return base64.RawStdEncoding.DecodeString(text)
}
