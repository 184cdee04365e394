package store_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/reference"
	"github.com/runner-init/runner-init/internal/sim/aws"
	"github.com/runner-init/runner-init/internal/store"
)

// bare takes the credentials and the region out of the environment.
func bare(t *testing.T, variables ...string) {
	t.Helper()
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"} {
		t.Setenv(name, "")
	}
	for _, kv := range variables {
		name, value, _ := strings.Cut(kv, "=")
		t.Setenv(name, value)
	}
}

// asked is what AWS was asked for, in order.
func asked(sim *aws.Server) string {
	var all []string
	for _, e := range sim.Journal() {
		all = append(all, e.Action)
	}
	return strings.Join(all, " ")
}

func TestCredentials(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(aws.PodToken), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		environ func(url string) []string
		want    string
	}{
		"environment": {func(string) []string {
			return []string{"AWS_ACCESS_KEY_ID=" + aws.KeyID, "AWS_SECRET_ACCESS_KEY=" + aws.Key}
		}, ""},
		"task role": {func(url string) []string {
			return []string{"AWS_CONTAINER_CREDENTIALS_FULL_URI=" + url + "/credentials"}
		}, "credentials "},
		"pod identity": {func(url string) []string {
			return []string{"AWS_CONTAINER_CREDENTIALS_FULL_URI=" + url + "/credentials", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=" + file}
		}, "credentials "},
		"service account": {func(string) []string {
			return []string{"AWS_ROLE_ARN=arn:aws:iam::123456789012:role/runner", "AWS_WEB_IDENTITY_TOKEN_FILE=" + file}
		}, "sts:AssumeRoleWithWebIdentity "},
		"role of instance": {func(url string) []string {
			return []string{"AWS_EC2_METADATA_DISABLED=false", "AWS_EC2_METADATA_SERVICE_ENDPOINT=" + url}
		}, "imds imds imds "},
		"behind a proxy": {func(url string) []string {
			return []string{"AWS_CONTAINER_CREDENTIALS_FULL_URI=" + url + "/credentials", "HTTP_PROXY=http://127.0.0.1:1"}
		}, "credentials "},
	} {
		t.Run(name, func(t *testing.T) {
			sim, url := simulate(t)
			sim.Put(aws.Parameter{Region: "us-east-1", Name: "p", Value: "v"})
			bare(t, c.environ(url)...)
			if got := values(t, resolve(t, "arn:aws:ssm:us-east-1:123456789012:parameter/p")); got != "v" {
				t.Errorf("got %q", got)
			}
			if got, want := asked(sim), c.want+"ssm:GetParameters"; got != want {
				t.Errorf("AWS was asked for %s, want %s", got, want)
			}
		})
	}
}

// Two references in two stores cost two round trips: one for the credentials, one for both values.
func TestRoundTrips(t *testing.T) {
	sim, url := simulate(t)
	bare(t, "AWS_REGION="+region, "AWS_CONTAINER_CREDENTIALS_FULL_URI="+url+"/credentials")
	sim.Put(aws.Parameter{Region: region, Name: "p", Value: "v"})
	x := aws.Secret{Region: region, Name: "x-AbCdEf", Text: "w"}
	sim.Keep(x)
	release := sim.Meet("ssm:GetParameters", "secretsmanager:GetSecretValue") // neither is answered before both are asked
	defer release()
	if got := values(t, resolve(t, "p", x.ARN())); got != "v,w" {
		t.Errorf("got %q", got)
	}
	if got := sim.Count("credentials"); got != 1 || len(sim.Journal()) != 3 {
		t.Errorf("AWS was asked for %s", asked(sim))
	}
}

func TestRegion(t *testing.T) {
	for name, c := range map[string]struct {
		environ  []string // @ is the address of AWS
		metadata string
		want     string
	}{
		"AWS_REGION":         {[]string{"AWS_REGION=us-west-2", "AWS_DEFAULT_REGION=us-east-2"}, "@/v4/container", "ssm:GetParameters us-west-2"},
		"AWS_DEFAULT_REGION": {[]string{"AWS_DEFAULT_REGION=us-east-2"}, "@/v4/container", "ssm:GetParameters us-east-2"},
		"task":               {nil, "@/v4/container", "metadata, ssm:GetParameters eu-west-1"},
		"instance":           {[]string{"AWS_EC2_METADATA_DISABLED=false", "AWS_EC2_METADATA_SERVICE_ENDPOINT=@"}, "", "imds, imds, ssm:GetParameters eu-west-1"},
		"no agent":           {[]string{"AWS_EC2_METADATA_DISABLED=false", "AWS_EC2_METADATA_SERVICE_ENDPOINT=@"}, "http://127.0.0.1:1/v4", "imds, imds, ssm:GetParameters eu-west-1"},
	} {
		t.Run(name, func(t *testing.T) {
			sim, url := simulate(t)
			for i, kv := range c.environ {
				c.environ[i] = strings.ReplaceAll(kv, "@", url)
			}
			bare(t, append(c.environ, "AWS_ACCESS_KEY_ID="+aws.KeyID, "AWS_SECRET_ACCESS_KEY="+aws.Key)...)
			store.Resolve(t.Context(), task(strings.ReplaceAll(c.metadata, "@", url)), parse(t, "p"))
			var got []string
			for _, e := range sim.Journal() {
				got = append(got, strings.TrimSpace(e.Action+" "+e.Region))
			}
			if strings.Join(got, ", ") != c.want {
				t.Errorf("AWS was asked for %s, want %s", strings.Join(got, ", "), c.want)
			}
		})
	}
}

// Without a region a bare name is lost, an ARN is not.
func TestNoRegion(t *testing.T) {
	sim, _ := simulate(t)
	bare(t, "AWS_ACCESS_KEY_ID="+aws.KeyID, "AWS_SECRET_ACCESS_KEY="+aws.Key)
	sim.Put(aws.Parameter{Region: region, Name: "p", Value: "v"})
	got := resolve(t, "p", "arn:aws:ssm:eu-west-1:123456789012:parameter/p")
	refused(t, got[0], reference.Wrong, "its region is not known", "no ECS task")
	if got[1].Value != "v" {
		t.Errorf("the ARN: %+v", got[1])
	}
}

func TestNoCredentials(t *testing.T) {
	sim, url := simulate(t)
	bare(t, "AWS_REGION="+region)
	refused(t, resolve(t, "p")[0], reference.Denied, "there are no AWS credentials")
	if j := sim.Journal(); len(j) > 0 {
		t.Errorf("AWS was asked for %s", asked(sim))
	}

	// An agent that refuses, one that is late, and one that never comes.
	t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url+"/credentials")
	sim.Fault(aws.Fault{Action: "credentials", Status: http.StatusForbidden, Code: "AccessDenied", Message: "no role", Times: 1})
	refused(t, resolve(t, "p")[0], reference.Denied, "there are no AWS credentials", "no role")
	sim.Put(aws.Parameter{Region: region, Name: "p", Value: "v"})
	sim.Fault(aws.Fault{Action: "credentials", Status: http.StatusInternalServerError, Times: 4})
	if got := values(t, resolve(t, "p")); got != "v" {
		t.Errorf("a late agent: %q", got)
	}
	sim.Fault(aws.Fault{Action: "credentials", Hang: true})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	refused(t, store.Resolve(ctx, store.Options{}, parse(t, "p"))[0], reference.Unreachable, "by the deadline")
}
