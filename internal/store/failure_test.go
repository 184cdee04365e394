package store_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/runner-init/runner-init/internal/reference"
	"github.com/runner-init/runner-init/internal/sim/aws"
	"github.com/runner-init/runner-init/internal/store"
)

// One parameter that may not be read has GetParameters refuse them all.
func TestDenied(t *testing.T) {
	sim, _ := simulate(t)
	a, b, c := aws.Parameter{Region: region, Name: "/ci/a", Value: "va"}, aws.Parameter{Region: region, Name: "/ci/b"}, aws.Parameter{Region: region, Name: "c"}
	x, y := aws.Secret{Region: region, Name: "x-AbCdEf", Text: "vx"}, aws.Secret{Region: region, Name: "y-AbCdEf", Text: "vy"}
	for _, p := range []aws.Parameter{a, b, c} {
		sim.Put(p)
	}
	sim.Keep(x)
	sim.Keep(y)
	sim.Deny(b.ARN(), "")
	sim.Deny(c.ARN(), "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.")
	sim.Deny(x.ARN(), "")
	sim.Deny(y.ARN(), "Access to KMS is not allowed")
	got := resolve(t, "/ci/a", "/ci/b", "c", x.ARN(), y.ARN())
	if got[0].Value != "va" {
		t.Errorf("what is allowed: %+v", got[0])
	}
	refused(t, got[1], reference.Denied, "ssm:GetParameters on "+b.ARN(), "to arn:aws:sts::123456789012:assumed-role/runner/task")
	refused(t, got[2], reference.Denied, "kms:Decrypt on the key of arn:aws:ssm:eu-west-1:*:parameter/c")
	refused(t, got[3], reference.Denied, "secretsmanager:GetSecretValue on "+x.ARN())
	refused(t, got[4], reference.Denied, "kms:Decrypt on the key of "+y.ARN())

	sim.Deny(c.ARN(), "User: arn:aws:sts::123456789012:assumed-role/r/t is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:eu-west-1:123456789012:key/1 because no identity-based policy allows it")
	refused(t, resolve(t, "c")[0], reference.Denied, "kms:Decrypt on arn:aws:kms:eu-west-1:123456789012:key/1")
}

func TestRefusedCredentials(t *testing.T) {
	simulate(t)
	t.Setenv("AWS_SECRET_ACCESS_KEY", "not-the-key")
	refused(t, resolve(t, "p")[0], reference.Denied, "does not accept our AWS credentials", "the signature does not match")
}

func TestOtherRefusals(t *testing.T) {
	sim, _ := simulate(t)
	sim.Fault(aws.Fault{Action: "secretsmanager:GetSecretValue", Code: "InvalidRequestException", Message: "You can't perform this operation\non the secret because it was marked for deletion."})
	refused(t, resolve(t, "arn:aws:secretsmanager:eu-west-1:123456789012:secret:x-AbCdEf")[0], reference.Wrong, "InvalidRequestException: You can't perform this operation on the secret")
}

// What AWS puts off, breaks off or answers with an error of its own is asked for again.
func TestAgain(t *testing.T) {
	sim, _ := simulate(t)
	sim.Put(aws.Parameter{Region: region, Name: "p", Value: "v"})
	sim.Fault(aws.Fault{Action: "ssm:GetParameters", Code: "ThrottlingException", Message: "Rate exceeded", Times: 2})
	sim.Fault(aws.Fault{Action: "ssm:GetParameters", Status: http.StatusInternalServerError, Code: "InternalServerError", Times: 2})
	if got := values(t, resolve(t, "p")); got != "v" {
		t.Errorf("got %q", got)
	}
	if calls := sim.Count("ssm:GetParameters"); calls != 5 {
		t.Errorf("AWS was asked %d times, want 5", calls)
	}
}

func TestDeadline(t *testing.T) {
	sim, _ := simulate(t)
	sim.Fault(aws.Fault{Action: "ssm:GetParameters", Code: "ThrottlingException", Message: "Rate exceeded"})
	sim.Fault(aws.Fault{Action: "secretsmanager:GetSecretValue", Hang: true})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	got := store.Resolve(ctx, store.Options{}, parse(t, "p", "q", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:x-AbCdEf"))
	refused(t, got[0], reference.Unreachable, "SSM Parameter Store in eu-west-1", "by the deadline", "ThrottlingException: Rate exceeded")
	refused(t, got[1], reference.Unreachable, "ThrottlingException")
	refused(t, got[2], reference.Unreachable, "Secrets Manager in eu-west-1", "by the deadline: there was no answer")
	if ctx.Err() == nil {
		t.Error("it gave up before the deadline")
	}
}

func TestNobodyThere(t *testing.T) {
	simulate(t)
	t.Setenv("AWS_ENDPOINT_URL_SSM", "http://127.0.0.1:1")
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	got := store.Resolve(ctx, store.Options{}, parse(t, "p"))
	refused(t, got[0], reference.Unreachable, "connection refused")
	if strings.Contains(got[0].Err.Error(), "\n") {
		t.Errorf("more than one line: %v", got[0].Err)
	}
}
