package store_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/need"
	"github.com/runner-init/runner-init/internal/sim/aws"
	"github.com/runner-init/runner-init/internal/store"
)

// The ECS agent and the metadata service of EC2 at their real addresses, which cannot be redirected, in a network namespace
// that has nothing else; with a proxy, which reaches neither.
func TestLinkLocal(t *testing.T) {
	for _, name := range []string{"HTTP_PROXY", "http_proxy"} { // before the first request of the process: it is read once
		t.Setenv(name, "http://127.0.0.1:1")
	}
	if !need.Isolate(t) {
		return
	}
	sim, url := simulate(t)
	sim.Put(aws.Parameter{Region: region, Name: "p", Value: "v"})
	need.ServeAt(t, need.AgentAddress, sim)
	need.ServeAt(t, need.MetadataAddress, sim)
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
		if got := values(t, store.Resolve(ctx, task(c.metadata), parse(t, "p"))); got != "v" {
			t.Errorf("got %q", got)
		}
		if got := strings.TrimSpace(asked(sim)[before:]); got != c.want {
			t.Errorf("AWS was asked for %s, want %s", got, c.want)
		}
		t.Setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "")
	}
}
