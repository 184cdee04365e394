package kubernetes

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/runner-init/runner-init/internal/platform"
)

// ServiceAccount is the directory where Kubernetes mounts what a pod may ask the API server with.
const ServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount"

// Cluster is the API server, as a pod finds it.
type Cluster struct {
	Host, Port string // KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT
	// Account is the directory with the token, the authority that the server is trusted by, and the namespace. The token is
	// read anew for each request: a kubelet replaces it every hour.
	Account string
}

// Hints of what a refusal takes to be another answer.
const (
	offHint     = "; RUNNER_PROTECT=off does without"
	accountHint = "mount the token of a service account with automountServiceAccountToken, as deploy/kubernetes/deployment.yaml does" + offHint
	rbacHint    = "let the pod's service account patch pods, as deploy/kubernetes/rbac.yaml does" + offHint
	podHint     = "set POD_NAME, POD_NAMESPACE and POD_UID by the downward API" + offHint
)

// longest is the length in bytes of the longest answer that is read. A pod takes up to 1.5 MiB, what etcd takes.
const longest = 2 << 20

// annotate changes annotations of a pod, nil takes one away, and returns those that it has then. A dry run is judged like
// any other and changes nothing. The uid in a patch makes sure that the pod is meant and not a later one of its name.
func (c Cluster) annotate(ctx context.Context, pod Pod, change map[string]*string, dryRun bool) (map[string]string, error) {
	at, err := c.address(pod, dryRun)
	if err != nil {
		return nil, err
	}
	metadata := map[string]any{}
	if pod.UID != "" {
		metadata["uid"] = pod.UID
	}
	if change != nil {
		metadata["annotations"] = change
	}
	patch, err := json.Marshal(map[string]any{"metadata": metadata})
	if err != nil {
		return nil, err
	}
	status, answer, err := c.patch(ctx, at, patch)
	if err != nil {
		return nil, err
	}
	return judge(status, answer)
}

// address is that of the pod. The namespace of a pod that was not told its own is that of its account.
func (c Cluster) address(pod Pod, dryRun bool) (string, error) {
	namespace := pod.Namespace
	if namespace == "" {
		text, err := os.ReadFile(filepath.Join(c.Account, "namespace"))
		if err != nil {
			return "", noAccount(err)
		}
		namespace = strings.TrimSpace(string(text))
	}
	at := url.URL{Scheme: "https", Host: net.JoinHostPort(c.Host, cmp.Or(c.Port, "443"))}
	at = *at.JoinPath("api/v1/namespaces", url.PathEscape(namespace), "pods", url.PathEscape(pod.Name))
	if dryRun {
		at.RawQuery = "dryRun=All"
	}
	return at.String(), nil
}

// noAccount: most pods have no token, and want none.
func noAccount(err error) error {
	return &platform.Refusal{Err: fmt.Errorf("the pod has no service account to ask with: %w", err), Level: slog.LevelDebug, Hint: accountHint}
}

// patch sends one request, and returns the answer, whatever its status.
func (c Cluster) patch(ctx context.Context, at string, patch []byte) (status int, answer []byte, err error) {
	token, err := os.ReadFile(filepath.Join(c.Account, "token"))
	if err != nil {
		return 0, nil, noAccount(err)
	}
	if token = bytes.TrimSpace(token); len(token) == 0 {
		return 0, nil, noAccount(errors.New("its token is empty"))
	}
	authority, err := os.ReadFile(filepath.Join(c.Account, "ca.crt"))
	if err != nil {
		return 0, nil, noAccount(err)
	}
	trusted := x509.NewCertPool()
	if !trusted.AppendCertsFromPEM(authority) {
		return 0, nil, noAccount(errors.New("its ca.crt holds no certificate"))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPatch, at, bytes.NewReader(patch))
	if err != nil {
		return 0, nil, errors.New("the address of the API server is no URL")
	}
	req.Header.Set("Authorization", "Bearer "+string(token))
	req.Header.Set("Content-Type", "application/merge-patch+json")
	req.Header.Set("Accept", "application/json")
	direct := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}, DisableKeepAlives: true} // asked now and then: a connection would only lie idle
	defer direct.CloseIdleConnections()
	resp, err := direct.RoundTrip(req) // follows no redirection, and no proxy: the token is for the API server alone
	if err != nil {
		return 0, nil, fmt.Errorf("the API server of Kubernetes does not answer: %w", err)
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(resp.Body, longest))
	if err != nil {
		return 0, nil, fmt.Errorf("the answer of the API server breaks off: %w", err)
	}
	return resp.StatusCode, answer, nil
}

// judge reads an answer. What another attempt may change is an ordinary error: also a token that is not valid, since
// another one comes.
func judge(status int, body []byte) (annotations map[string]string, err error) {
	var a struct {
		Kind, Message string
		Metadata      struct{ Annotations map[string]string }
	}
	known := json.Unmarshal(body, &a) == nil
	if status == http.StatusOK && known && a.Kind == "Pod" {
		return a.Metadata.Annotations, nil
	}
	if a.Message == "" {
		a.Message = string(body)
	}
	err = fmt.Errorf("the API server of Kubernetes answers %d, and says %q", status, platform.Short(a.Message))
	switch status {
	case http.StatusForbidden: // most pods may not, and nobody minds
		return nil, &platform.Refusal{Err: err, Level: slog.LevelDebug, Hint: rbacHint}
	case http.StatusNotFound, http.StatusUnprocessableEntity:
		return nil, &platform.Refusal{Err: err, Level: slog.LevelWarn, Hint: podHint}
	case http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusUnsupportedMediaType:
		return nil, &platform.Refusal{Err: err, Level: slog.LevelWarn, Hint: strings.TrimPrefix(offHint, "; ")}
	}
	return nil, err
}
