package ecr

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// token is what a registry takes as user and password, for twelve hours.
type token struct{ registry, user, secret string }

// The one call that is made, GetAuthorizationToken, is made by hand with AWS's own signature: the clients of the two
// services would be half a megabyte of the program.
const (
	privateTarget = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"
	publicTarget  = "SpencerFrontendService.GetAuthorizationToken"
	attempts      = 3
)

// getToken asks for a token, again where AWS or the network may have a bad moment.
func getToken(ctx context.Context, c aws.Config, r registry) (token, error) {
	for attempt := 1; ; attempt++ {
		t, again, err := askToken(ctx, c, r)
		if err == nil || !again || attempt == attempts {
			return t, err
		}
		select {
		case <-ctx.Done():
			return t, err
		case <-time.After(time.Duration(attempt) * 300 * time.Millisecond):
		}
	}
}

// askToken makes one request, and tells whether another one may do better.
func askToken(ctx context.Context, c aws.Config, r registry) (t token, again bool, err error) {
	target, body := publicTarget, "{}"
	if r.service == "ecr" {
		target = privateTarget
		if r.account != "" {
			body = `{"registryIds":["` + r.account + `"]}`
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint(ctx, c, r), strings.NewReader(body))
	if err != nil {
		return t, false, err
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", target)
	credentials, err := c.Credentials.Retrieve(ctx)
	if err != nil {
		return t, false, err
	}
	sum := sha256.Sum256([]byte(body))
	if err := v4.NewSigner().SignHTTP(ctx, credentials, req, hex.EncodeToString(sum[:]), r.service, r.region, time.Now()); err != nil {
		return t, false, err
	}
	resp, err := c.HTTPClient.Do(req)
	if err != nil {
		return t, true, fmt.Errorf("cannot reach %s: %w", req.URL.Host, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	switch {
	case err != nil:
		return t, true, err
	case resp.StatusCode != http.StatusOK:
		return t, resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests || bytes.Contains(text, []byte("Throttling")), refusal(resp.Status, text)
	}
	t, err = parseToken(text)
	return t, false, err
}

// endpoint is where the user sends such calls (AWS_ENDPOINT_URL_ECR, AWS_ENDPOINT_URL), or AWS's own.
func endpoint(ctx context.Context, c aws.Config, r registry) string {
	id := map[string]string{"ecr": "ECR", "ecr-public": "ECR PUBLIC"}[r.service]
	for _, source := range c.ConfigSources {
		s, ok := source.(interface {
			GetServiceBaseEndpoint(ctx context.Context, id string) (string, bool, error)
		})
		if !ok {
			continue
		}
		if url, found, err := s.GetServiceBaseEndpoint(ctx, id); found && err == nil {
			return url
		}
	}
	if c.BaseEndpoint != nil {
		return *c.BaseEndpoint
	}
	return "https://" + r.api + "/"
}

// refusal is what AWS says, with what to do where that is plain.
func refusal(status string, text []byte) error {
	var said struct {
		Type    string `json:"__type"`
		Message string
	}
	json.Unmarshal(text, &said)
	_, code, qualified := strings.Cut(said.Type, "#")
	if !qualified {
		code = said.Type
	}
	if code == "" {
		code = status
	}
	if code == "AccessDeniedException" {
		return fmt.Errorf("%s: %s (allow ecr:GetAuthorizationToken to the role; for public.ecr.aws ecr-public:GetAuthorizationToken and sts:GetServiceBearerToken)", code, said.Message)
	}
	return fmt.Errorf("%s: %s", code, said.Message)
}

// parseToken reads an answer: of a private registry a list, of the public one the thing itself.
func parseToken(text []byte) (t token, err error) {
	var answer struct{ AuthorizationData json.RawMessage }
	type datum struct{ AuthorizationToken, ProxyEndpoint string }
	var data []datum
	if err := json.Unmarshal(text, &answer); err != nil {
		return t, errors.New("the answer is no JSON")
	}
	if err := json.Unmarshal(answer.AuthorizationData, &data); err != nil {
		data = []datum{{}}
		json.Unmarshal(answer.AuthorizationData, &data[0])
	}
	for _, d := range data {
		plain, err := base64.StdEncoding.DecodeString(d.AuthorizationToken)
		if user, secret, ok := strings.Cut(string(plain), ":"); err == nil && ok {
			return token{d.ProxyEndpoint, user, secret}, nil
		}
	}
	return t, errors.New("there is no token in the answer")
}
