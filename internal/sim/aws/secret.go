package aws

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// Secret is one version of a secret. It is text, unless it is binary.
type Secret struct {
	Region, Name string // the name with the six characters that Secrets Manager appends
	Text         string
	Binary       []byte
	Stages       []string // AWSCURRENT if none
	Version      string
}

// ARN is that of the secret.
func (x Secret) ARN() string {
	return "arn:aws:secretsmanager:" + x.Region + ":" + Account + ":secret:" + x.Name
}

// Keep adds a version of a secret.
func (s *Server) Keep(x Secret) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(x.Stages) == 0 {
		x.Stages = []string{"AWSCURRENT"}
	}
	s.secrets[x.ARN()] = append(s.secrets[x.ARN()], x)
}

// getSecretValue answers GetSecretValue.
func (s *Server) getSecretValue(w http.ResponseWriter, r *http.Request, e Entry, body []byte) {
	var in struct{ SecretId, VersionStage, VersionId string }
	err := json.Unmarshal(body, &in)
	e.Names = []string{in.SecretId}
	if s.faulty(w, r, e) {
		return
	}
	if err != nil || in.SecretId == "" {
		s.refuse(w, e, http.StatusBadRequest, "InvalidParameterException", "You must provide a secret")
		return
	}
	if message := s.refusal(e.Action, in.SecretId); message != "" {
		s.refuse(w, e, http.StatusBadRequest, "AccessDeniedException", message)
		return
	}
	stage := in.VersionStage
	if stage == "" && in.VersionId == "" {
		stage = "AWSCURRENT"
	}
	s.mu.Lock()
	versions := slices.Clone(s.secrets[in.SecretId])
	s.mu.Unlock()
	for _, x := range versions {
		if stage != "" && !slices.Contains(x.Stages, stage) || in.VersionId != "" && x.Version != in.VersionId || x.Region != e.Region {
			continue
		}
		answer := map[string]any{"ARN": x.ARN(), "Name": x.Name[:strings.LastIndex(x.Name, "-")], "VersionId": x.Version, "VersionStages": x.Stages}
		if x.Binary != nil {
			answer["SecretBinary"] = x.Binary
		} else {
			answer["SecretString"] = x.Text
		}
		s.reply(w, e, answer)
		return
	}
	s.refuse(w, e, http.StatusBadRequest, "ResourceNotFoundException", "Secrets Manager can't find the specified secret value for staging label: "+stage)
}
