package store_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/aws"
	"github.com/runner-init/runner-init/internal/store"
)

// inNamespace marks the process of this test that has a network of its own.
const inNamespace = "STORE_TEST_IN_NAMESPACE"

// The ECS agent and the metadata service of EC2 at their real addresses, which cannot be redirected, in a network namespace
// that has nothing else; with a proxy, which reaches neither.
func TestLinkLocal(t *testing.T) {
	if os.Getenv(inNamespace) == "" {
		need.Root(t)
		need.Installed(t, "unshare")
		need.Installed(t, "ip")
		const setUp = `ip link set lo up && ip addr add 169.254.170.2/32 dev lo && ip addr add 169.254.169.254/32 dev lo && exec "$0" -test.run='^TestLinkLocal$' -test.v`
		c := exec.CommandContext(t.Context(), "unshare", "--net", "sh", "-c", setUp, os.Args[0])
		c.Env = append(os.Environ(), inNamespace+"=1", "HTTP_PROXY=http://127.0.0.1:1", "http_proxy=http://127.0.0.1:1")
		if out, err := c.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestLinkLocal") {
			t.Errorf("in the namespace: %v\n%s", err, out)
		}
		return
	}
	sim, url := simulate(t)
	sim.Put(aws.Parameter{Region: region, Name: "p", Value: "v"})
	for _, host := range []string{"169.254.170.2", "169.254.169.254"} {
		l, err := net.Listen("tcp", host+":80")
		if err != nil {
			t.Fatal(err)
		}
		server := &http.Server{Handler: sim, ReadHeaderTimeout: time.Minute}
		go server.Serve(l)
		defer server.Close()
	}
	for _, c := range []struct {
		metadata string
		environ  []string
		want     string
	}{
		{"http://169.254.170.2/v4/container", []string{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/credentials"}, "metadata credentials ssm:GetParameters"},
		{"", []string{"AWS_EC2_METADATA_DISABLED="}, "imds imds imds imds imds ssm:GetParameters"},
	} {
		bare(t, append(c.environ, "AWS_ENDPOINT_URL_SSM="+url)...)
		before := len(asked(sim))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if got := values(t, store.Resolve(ctx, store.Options{Metadata: c.metadata}, parse(t, "p"))); got != "v" {
			t.Errorf("got %q", got)
		}
		if got := strings.TrimSpace(asked(sim)[before:]); got != c.want {
			t.Errorf("AWS was asked for %s, want %s", got, c.want)
		}
		t.Setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "")
	}
}
