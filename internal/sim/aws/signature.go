package aws

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// scope is what a signature is good for.
type scope struct{ date, region, service string }

const algorithm = "AWS4-HMAC-SHA256"

// verify reads a request and verifies its signature (AWS Signature Version 4, "Create a signed AWS API request").
func verify(r *http.Request) (body []byte, s scope, err error) {
	if body, err = io.ReadAll(io.LimitReader(r.Body, 1<<20)); err != nil {
		return nil, s, err
	}
	rest, ok := strings.CutPrefix(r.Header.Get("Authorization"), algorithm+" ")
	fields := map[string]string{}
	for field := range strings.SplitSeq(rest, ", ") {
		name, value, _ := strings.Cut(field, "=")
		fields[name] = value
	}
	credential := strings.Split(fields["Credential"], "/")
	if !ok || len(credential) != 5 || credential[4] != "aws4_request" {
		return nil, s, errors.New("the Authorization header is not well-formed")
	}
	s = scope{date: credential[1], region: credential[2], service: credential[3]}
	signed := strings.Split(fields["SignedHeaders"], ";")
	stamp := r.Header.Get("X-Amz-Date")
	at, err := time.Parse("20060102T150405Z", stamp)
	switch {
	case err != nil || !strings.HasPrefix(stamp, s.date) || time.Since(at).Abs() > 5*time.Minute:
		return nil, s, fmt.Errorf("X-Amz-Date %q is not the time", stamp)
	case credential[0] != KeyID:
		return nil, s, errors.New("the key is not known")
	case !slices.Contains(signed, "host") || !slices.Contains(signed, "x-amz-date") || !slices.Contains(signed, "x-amz-target"):
		return nil, s, fmt.Errorf("headers are not signed: %q", signed)
	case r.Header.Get("X-Amz-Security-Token") != "" && (r.Header.Get("X-Amz-Security-Token") != Session || !slices.Contains(signed, "x-amz-security-token")):
		return nil, s, errors.New("the session token is not known, or not signed")
	}
	if got, want := fields["Signature"], sign(r, body, s, signed, stamp); !hmac.Equal([]byte(got), []byte(want)) {
		return nil, s, errors.New("the signature does not match")
	}
	return body, s, nil
}

// sign computes the signature of a request to the root of a host.
func sign(r *http.Request, body []byte, s scope, signed []string, stamp string) string {
	canonical := []string{r.Method, "/", ""}
	for _, name := range signed {
		value := strings.Join(r.Header.Values(name), ",")
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = fmt.Sprint(r.ContentLength)
		}
		canonical = append(canonical, name+":"+strings.TrimSpace(value))
	}
	canonical = append(canonical, "", strings.Join(signed, ";"), digest(body))
	place := strings.Join([]string{s.date, s.region, s.service, "aws4_request"}, "/")
	text := strings.Join([]string{algorithm, stamp, place, digest([]byte(strings.Join(canonical, "\n")))}, "\n")
	key := []byte("AWS4" + Key)
	for _, part := range []string{s.date, s.region, s.service, "aws4_request", text} {
		key = mac(key, part)
	}
	return hex.EncodeToString(key)
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
