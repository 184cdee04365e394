package github

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// exchange answers the token request of a runner that was registered with a key: an assertion signed with that key
// for an access token. A runner that is gone gets "invalid_client", from which it learns that it was deleted.
func (s *Server) exchange(c *call) answer {
	id := c.r.PathValue("client_id")
	reg := s.first(func(reg *registration) bool { return reg.clientID == id })
	if reg == nil {
		return reply(http.StatusBadRequest, map[string]string{
			"error": "invalid_client", "error_description": fmt.Sprintf("Registration %s was not found.", id),
		})
	}
	c.about(reg)
	form, err := url.ParseQuery(string(c.body))
	if err == nil {
		err = verify(form.Get("client_assertion"), reg, s.options.Now())
	}
	if err != nil {
		return reply(http.StatusBadRequest, map[string]string{"error": "invalid_grant", "error_description": err.Error()})
	}
	return reply(http.StatusOK, map[string]any{"access_token": reg.token, "token_type": "JWT", "expires_in": 3000})
}

// verify checks the assertion: a JWT of the runner itself, signed RS256 or PS256 with its key, at most five minutes
// off this clock.
func verify(assertion string, reg *registration, now time.Time) error {
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 {
		return errors.New("assertion is not a JWT")
	}
	var head struct{ Alg string }
	var claims struct {
		Sub string
		Exp int64
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err := errors.Join(err, decodePart(parts[0], &head), decodePart(parts[1], &claims)); err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if head.Alg == "PS256" {
		err = rsa.VerifyPSS(reg.key, crypto.SHA256, sum[:], signature, nil)
	} else {
		err = rsa.VerifyPKCS1v15(reg.key, crypto.SHA256, sum[:], signature)
	}
	if err != nil {
		return errors.New("signature does not verify")
	}
	if off := time.Unix(claims.Exp, 0).Sub(now); off < 0 || off > 10*time.Minute || claims.Sub != reg.clientID {
		return errors.New("assertion is expired, or not of this client")
	}
	return nil
}

func decodePart(part string, into any) error {
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}
