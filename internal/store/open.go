package store

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"

	"github.com/runner-init/runner-init/internal/reference"
)

// open finds out the region and gets credentials: what every call needs.
func (r *resolver) open(ctx context.Context, o Options) (failure *reference.Failure) {
	if r.config, failure = load(ctx, ""); failure != nil {
		return failure
	}
	if r.config.Region == "" {
		if r.config, failure = load(ctx, r.region(ctx, o)); failure != nil {
			return failure
		}
	}
	return authenticate(ctx, r.config)
}

// Config returns what any call to AWS needs: AWS's own variables and files, with a region that holds where they name none,
// and credentials that are there. What is set to hand those out is asked until ctx ends.
func Config(ctx context.Context, region string) (aws.Config, error) {
	c, failure := load(ctx, region)
	if failure == nil {
		failure = authenticate(ctx, c)
	}
	if failure != nil {
		return c, failure
	}
	return c, nil
}

// attemptTime is how long one request may take before it is made again.
const attemptTime = 5 * time.Second

// load reads AWS's own variables and files. The region holds where they name none; calls for credentials need one.
func load(ctx context.Context, region string) (aws.Config, *reference.Failure) {
	client := awshttp.NewBuildableClient().WithTimeout(attemptTime).
		WithTransportOptions(func(t *http.Transport) { t.Proxy = proxy })
	c, err := config.LoadDefaultConfig(ctx,
		config.WithDefaultRegion(region), config.WithHTTPClient(client), config.WithLogger(logging.Nop{}),
		config.WithEndpointCredentialOptions(func(o *endpointcreds.Options) { o.HTTPClient, o.Retryer = client, aws.NopRetryer{} }))
	if err != nil {
		return c, wrong("check the variables that begin with AWS_, and the files that they name", "AWS's own configuration: %s", plain(err.Error()))
	}
	return c, nil
}

// proxy is the one of the environment, but for addresses that no proxy reaches: the metadata services and the agents that
// hand out credentials are on the link, or on the host itself.
func proxy(req *http.Request) (*url.URL, error) {
	if ip, err := netip.ParseAddr(req.URL.Hostname()); err == nil && (ip.IsLinkLocalUnicast() || ip.IsLoopback()) {
		return nil, nil
	}
	return http.ProxyFromEnvironment(req)
}

// authenticate gets credentials into the cache of the configuration. What is set to hand them out may be late to begin
// with, and is asked until ctx ends.
func authenticate(ctx context.Context, c aws.Config) *reference.Failure {
	var last error
	for attempt := 0; ; attempt++ {
		_, err := c.Credentials.Retrieve(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil || last == nil {
			last = err
		}
		if ctx.Err() == nil && !handedOut() || refused(err) {
			return &reference.Failure{Fault: reference.Denied, Message: "there are no AWS credentials: " + plain(last.Error()), Hint: credentialHint}
		}
		wait, _ := backoff(attempt, err)
		select {
		case <-ctx.Done():
			return &reference.Failure{Fault: reference.Unreachable, Message: "there were no AWS credentials by the deadline: " + plain(last.Error()), Hint: credentialHint}
		case <-time.After(wait):
		}
	}
}

const credentialHint = "give the container a role: taskRoleArn on ECS, a service account's role on EKS, an instance profile on EC2 with a hop limit of 2"

// handedOut reports whether there is an agent, or a token to exchange, that is to give us credentials.
func handedOut() bool {
	env, err := config.NewEnvConfig()
	return err == nil && env.ContainerCredentialsEndpoint+env.ContainerCredentialsRelativePath+env.WebIdentityTokenFilePath != ""
}

// refused reports whether somebody understood who asks for credentials, and said no.
func refused(err error) bool {
	if _, ok := errors.AsType[smithy.APIError](err); !ok {
		return false
	}
	status, ok := errors.AsType[interface {
		error
		HTTPStatusCode() int
	}](err)
	return ok && status.HTTPStatusCode()/100 == 4 && status.HTTPStatusCode() != http.StatusTooManyRequests
}
