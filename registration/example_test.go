package registration_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/runner-init/runner-init/internal/sim/github"
	"github.com/runner-init/runner-init/registration"
)

// A runner is registered just in time, and deleted before it has had a job.
func Example() {
	server := simulatedGitHub() // or https://api.github.com
	defer server.Close()
	token, err := registration.NewPAT("token-for-tests-only")
	if err != nil {
		fmt.Println(err)
		return
	}
	client, err := registration.New(registration.Options{
		API: server.URL, Credential: token,
		Scope: registration.Scope{Kind: registration.Repository, Owner: "acme", Repo: "widgets"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // as long as GitHub's trouble may last
	defer cancel()
	runner, config, err := client.JIT(ctx, registration.JITRequest{
		Name: "builder-7", Labels: append(registration.DefaultLabels(), "gpu"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("registered %s, with a configuration for the listener: %v\n", runner.Name, config != "")
	verdict, err := client.Delete(ctx, runner.ID)
	fmt.Println(verdict, err)
	// Output:
	// registered builder-7, with a configuration for the listener: true
	// gone <nil>
}

// What a failed call tells: why, for a program, and what to do, for a person.
func ExampleError() {
	server := simulatedGitHub()
	defer server.Close()
	token, _ := registration.NewPAT("token-for-tests-only")
	client, _ := registration.New(registration.Options{
		API: server.URL, Credential: token,
		Scope: registration.Scope{Kind: registration.Organization, Owner: "acme"},
	})
	_, err := client.RegistrationToken(context.Background())
	if e, ok := errors.AsType[*registration.Error](err); ok {
		fmt.Println(e.Reason == registration.Forbidden, e.Status == http.StatusForbidden)
		fmt.Println(e.Hint)
	}
	// Output:
	// true true
	// the token has only the scopes repo; give it the scope admin:org
}

func simulatedGitHub() *httptest.Server {
	hub := github.New(github.Options{})
	hub.AddPAT("token-for-tests-only", github.Classic("repo"))
	return httptest.NewServer(hub)
}
