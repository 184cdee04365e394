package aws

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// PodToken is the token of a service account: what the agent of EKS Pod Identity wants in the Authorization header, and STS
// as the web identity of IRSA.
const PodToken = "not-a-real-service-account-token"

// handedOut are credentials as agents hand them out.
func handedOut() map[string]any {
	return map[string]any{
		"AccessKeyId": KeyID, "SecretAccessKey": Key, "Token": Session, "Expiration": time.Now().Add(time.Hour).UTC().Format(time.RFC3339),
		"RoleArn": "arn:aws:iam::" + Account + ":role/runner", "Code": "Success", "Type": "AWS-HMAC",
	}
}

// getCredentials is the agent of ECS, and with a token that of EKS Pod Identity.
func (s *Server) getCredentials(w http.ResponseWriter, r *http.Request) {
	e := Entry{Action: "credentials"}
	if s.faulty(w, r, e) {
		return
	}
	if token := r.Header.Get("Authorization"); token != "" && token != PodToken {
		s.refuse(w, e, http.StatusUnauthorized, "AccessDeniedException", "the token is not known")
		return
	}
	s.reply(w, e, handedOut())
}

// getTask is the ECS agent's task metadata endpoint in version 4.
func (s *Server) getTask(w http.ResponseWriter, r *http.Request) {
	e := Entry{Action: "metadata"}
	if !s.faulty(w, r, e) {
		s.reply(w, e, map[string]any{"Cluster": "runners", "TaskARN": "arn:aws:ecs:" + s.region + ":" + Account + ":task/runners/0123456789abcdef0123456789abcdef"})
	}
}

// imdsToken opens the EC2 metadata service in version 2.
const imdsToken = "not-a-real-imds-token"

func (s *Server) putToken(w http.ResponseWriter, r *http.Request) {
	e := Entry{Action: "imds", Status: http.StatusOK}
	if !s.faulty(w, r, e) {
		s.note(e)
		w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", r.Header.Get("X-Aws-Ec2-Metadata-Token-Ttl-Seconds"))
		fmt.Fprint(w, imdsToken)
	}
}

// getInstance is the EC2 metadata service: the instance's role and its region.
func (s *Server) getInstance(w http.ResponseWriter, r *http.Request) {
	const role = "iam/security-credentials"
	e := Entry{Action: "imds"}
	path := strings.Trim(strings.TrimPrefix(r.URL.Path, "/latest/"), "/")
	path = strings.TrimPrefix(path, "meta-data/")
	switch {
	case r.Header.Get("X-Aws-Ec2-Metadata-Token") != imdsToken:
		s.refuse(w, e, http.StatusUnauthorized, "", "")
	case path == role || path == role+"-extended":
		e.Status = http.StatusOK
		s.note(e)
		fmt.Fprint(w, "runner")
	case strings.HasPrefix(path, role):
		s.reply(w, e, handedOut())
	case path == "dynamic/instance-identity/document":
		s.reply(w, e, map[string]any{"region": s.region})
	case path == "placement/region":
		e.Status = http.StatusOK
		s.note(e)
		fmt.Fprint(w, s.region)
	default:
		s.refuse(w, e, http.StatusNotFound, "", "")
	}
}

// assumeRole is STS, in the query protocol: a token of a service account for credentials.
func (s *Server) assumeRole(w http.ResponseWriter, r *http.Request) {
	e := Entry{Action: "sts:" + r.FormValue("Action")}
	if s.faulty(w, r, e) {
		return
	}
	if e.Action != "sts:AssumeRoleWithWebIdentity" || r.FormValue("WebIdentityToken") != PodToken || r.FormValue("RoleArn") == "" {
		e.Status = http.StatusBadRequest
		s.note(e)
		w.WriteHeader(e.Status)
		fmt.Fprint(w, `<ErrorResponse><Error><Type>Sender</Type><Code>InvalidIdentityToken</Code><Message>the token is not known</Message></Error></ErrorResponse>`)
		return
	}
	e.Status = http.StatusOK
	s.note(e)
	w.Header().Set("Content-Type", "text/xml")
	fmt.Fprintf(w, `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials>`+
		`<AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey><SessionToken>%s</SessionToken><Expiration>%s</Expiration>`+
		`</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`, KeyID, Key, Session, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
}
