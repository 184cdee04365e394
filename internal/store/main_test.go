package store_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/platform/ecs"
	"github.com/runner-init/runner-init/internal/reference"
	"github.com/runner-init/runner-init/internal/sim/aws"
	"github.com/runner-init/runner-init/internal/store"
)

const region = "eu-west-1"

// simulate starts an AWS and points this process at it, with credentials from the environment.
func simulate(t *testing.T) (*aws.Server, string) {
	t.Helper()
	sim := aws.New(region)
	server := httptest.NewServer(sim)
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	for name, value := range map[string]string{
		"HOME": t.TempDir(), "AWS_PROFILE": "", "AWS_CONFIG_FILE": "", "AWS_SHARED_CREDENTIALS_FILE": "", "AWS_SESSION_TOKEN": "", "AWS_DEFAULT_REGION": "",
		"AWS_ROLE_ARN": "", "AWS_WEB_IDENTITY_TOKEN_FILE": "", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "",
		"AWS_CONTAINER_AUTHORIZATION_TOKEN": "", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "", "AWS_EC2_METADATA_DISABLED": "true", "AWS_ENDPOINT_URL": server.URL, "AWS_ENDPOINT_URL_STS": server.URL,
		"AWS_ACCESS_KEY_ID": aws.KeyID, "AWS_SECRET_ACCESS_KEY": aws.Key, "AWS_REGION": region,
	} {
		t.Setenv(name, value)
	}
	return sim, server.URL
}

func parse(t *testing.T, texts ...string) []reference.Reference {
	t.Helper()
	refs := make([]reference.Reference, len(texts))
	for i, text := range texts {
		var err error
		if refs[i], err = reference.Parse(text); err != nil {
			t.Fatal(err)
		}
	}
	return refs
}

// resolve is Resolve inside a deadline that only an error reaches.
func resolve(t *testing.T, texts ...string) []reference.Answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return store.Resolve(ctx, store.Options{}, parse(t, texts...))
}

// values are the answers, all of which have to be values.
func values(t *testing.T, answers []reference.Answer) string {
	t.Helper()
	var all []string
	for _, a := range answers {
		if a.Err != nil {
			t.Errorf("no value: %v", a.Err)
		}
		all = append(all, a.Value)
	}
	return strings.Join(all, ",")
}

// refused checks that an answer is a failure with certain words in its message, and a hint.
func refused(t *testing.T, a reference.Answer, fault reference.Fault, words ...string) {
	t.Helper()
	failure, ok := errors.AsType[*reference.Failure](a.Err)
	if !ok || a.Value != "" {
		t.Errorf("got %q, %v; want a failure", a.Value, a.Err)
		return
	}
	if failure.Fault != fault || failure.Hint == "" {
		t.Errorf("%q has the fault %d and the hint %q, want %d and some hint", failure, failure.Fault, failure.Hint, fault)
	}
	for _, w := range words {
		if !strings.Contains(failure.Message, w) {
			t.Errorf("%q does not say %q", failure, w)
		}
	}
}

// task are the options of an ECS task whose agent is at an address; without one there is none.
func task(metadata string) (o store.Options) {
	if metadata != "" {
		o.TaskRegion = (&ecs.Agent{Metadata: metadata}).Region
	}
	return o
}
