package github

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"math/big"
	"net/http"
)

// enrol answers POST /actions/runner-registration, the first call of the runner's configure and remove: it exchanges
// the registration token. An expired or foreign token gets the bare 404 of github.com (actions/runner #4042).
func (s *Server) enrol(c *call) answer {
	var ask struct {
		URL   string `json:"url"`
		Event string `json:"runner_event"`
	}
	if err := c.decode(&ask); err != nil {
		return refuse(http.StatusBadRequest, "Problems parsing JSON")
	}
	token := s.remoteAuth(c)
	sc, ok := scopeOfURL(ask.URL)
	if token == nil || !ok || sc != token.scope {
		return notFound()
	}
	if ask.Event == "register" && token.event != "registration" {
		return notFound()
	}
	return reply(http.StatusOK, map[string]any{
		"url": baseURL(c.r) + "/", "token_schema": "OAuthAccessToken", "token": s.secret("tenant"), "use_v2_flow": true,
	})
}

// labelNames reads labels as names or as objects with a name; the official runner sends the latter.
type labelNames []string

func (l *labelNames) UnmarshalJSON(text []byte) error {
	if err := json.Unmarshal(text, (*[]string)(l)); err == nil {
		return nil
	}
	var objects []struct{ Name string }
	if err := json.Unmarshal(text, &objects); err != nil {
		return err
	}
	*l = nil
	for _, o := range objects {
		*l = append(*l, o.Name)
	}
	return nil
}

// register answers POST /actions/runners/register.
func (s *Server) register(c *call) answer {
	var ask struct {
		URL             string     `json:"url"`
		Group           int64      `json:"group_id"`
		Name            string     `json:"name"`
		Version         string     `json:"version"`
		UpdatesDisabled bool       `json:"updates_disabled"`
		Ephemeral       bool       `json:"ephemeral"`
		Labels          labelNames `json:"labels"`
		PublicKey       string     `json:"public_key"`
		Replace         bool       `json:"replace"`
	}
	if err := c.decode(&ask); err != nil {
		return refuse(http.StatusBadRequest, "Problems parsing JSON")
	}
	token := s.remoteAuth(c)
	if token == nil || token.event != "registration" {
		return notFound()
	}
	if why := invalid(ask.Name, ask.Labels); why != "" {
		return refuse(http.StatusUnprocessableEntity, "%s", why)
	}
	key, err := parseKey(ask.PublicKey)
	if err != nil {
		return refuse(http.StatusUnprocessableEntity, "%v", err)
	}
	if !s.hasGroup(token.scope, ask.Group) {
		return notFound()
	}
	reg := s.byName(token.scope, ask.Name)
	if reg != nil && !ask.Replace {
		return refuse(http.StatusConflict, "Already exists - A runner with the name %q already exists.", ask.Name)
	}
	if reg == nil {
		reg = s.add(token.scope, Runner{Name: ask.Name})
		reg.clientID = fmt.Sprintf("00000000-0000-4000-9000-%012d", reg.ID)
	}
	reg.key, reg.session = key, nil
	reg.GroupID, reg.Labels, reg.Version = ask.Group, distinct(ask.Labels), ask.Version
	reg.Ephemeral, reg.DisableUpdate = ask.Ephemeral, ask.UpdatesDisabled
	c.about(reg)
	base := baseURL(c.r)
	return reply(http.StatusOK, map[string]any{"id": reg.ID, "name": reg.Name, "authorization": map[string]string{
		"authorization_url": base + "/oauth/" + reg.clientID + "/token",
		"server_url":        brokerURL(base, reg),
		"client_id":         reg.clientID,
	}})
}

// parseKey reads .NET's XML form of an RSA public key.
func parseKey(text string) (*rsa.PublicKey, error) {
	var value struct {
		XMLName  xml.Name `xml:"RSAKeyValue"`
		Modulus  string
		Exponent string
	}
	if err := xml.Unmarshal([]byte(text), &value); err != nil {
		return nil, fmt.Errorf("cannot read public key: %w", err)
	}
	modulus, err := base64.StdEncoding.DecodeString(value.Modulus)
	exponent, err2 := base64.StdEncoding.DecodeString(value.Exponent)
	if err := errors.Join(err, err2); err != nil {
		return nil, fmt.Errorf("cannot read public key: %w", err)
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: int(new(big.Int).SetBytes(exponent).Int64())}, nil
}
