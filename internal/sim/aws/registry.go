package aws

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"
)

// RegistryPassword is what registries take of the user AWS.
const RegistryPassword = "not-a-real-registry-password"

// getToken answers GetAuthorizationToken: of private registries with a list, of the public one with one thing, without an
// endpoint.
func (s *Server) getToken(w http.ResponseWriter, r *http.Request, e Entry, body []byte) {
	var in struct{ RegistryIds []string }
	err := json.Unmarshal(body, &in)
	e.Names = in.RegistryIds
	if s.faulty(w, r, e) {
		return
	}
	public := e.Action == "ecr-public:GetAuthorizationToken"
	if err != nil || public && (len(in.RegistryIds) > 0 || e.Region != "us-east-1") {
		s.refuse(w, e, http.StatusBadRequest, "InvalidParameterException", "")
		return
	}
	if message := s.refusal(e.Action, "*"); message != "" {
		s.refuse(w, e, http.StatusBadRequest, "AccessDeniedException", message)
		return
	}
	data := map[string]any{
		"authorizationToken": base64.StdEncoding.EncodeToString([]byte("AWS:" + RegistryPassword)),
		"expiresAt":          time.Now().Add(12 * time.Hour).Unix(),
	}
	if public {
		s.reply(w, e, map[string]any{"authorizationData": data})
		return
	}
	account := Account
	if len(in.RegistryIds) > 0 {
		account = in.RegistryIds[0]
	}
	data["proxyEndpoint"] = "https://" + account + ".dkr.ecr." + e.Region + ".amazonaws.com"
	s.reply(w, e, map[string]any{"authorizationData": []any{data}})
}
