// Package store gets values out of AWS's two stores, the Systems Manager Parameter Store and Secrets Manager, by
// references to them.
//
// With internal/ecr, which has its configuration from here, it is what knows AWS's SDK. It does nothing until it is asked,
// then asks for everything at once, and keeps neither values nor credentials. Whose credentials it asks with is the SDK's
// own default chain's business: those of the environment, a role of the ECS task, IRSA, EKS Pod Identity, a role of the EC2
// instance.
package store

import (
	"context"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/runner-init/runner-init/internal/reference"
)

// Options is what the SDK does not find out by itself.
type Options struct {
	// TaskRegion asks for the region of the ECS task, where nothing else tells ours. nil: this is none.
	TaskRegion func(ctx context.Context) (string, error)
}

// Resolve returns one answer for each reference, in order. It takes one round trip for the credentials and one for
// everything else: parameters in as few calls as there can be, secrets side by side, and nothing twice. What AWS puts off
// is asked for again until ctx ends.
func Resolve(ctx context.Context, o Options, refs []reference.Reference) []reference.Answer {
	r := &resolver{refs: refs, answers: make([]reference.Answer, len(refs))}
	if len(refs) == 0 {
		return nil
	}
	if failure := r.open(ctx, o); failure != nil {
		r.fail(all(len(refs)), failure)
		return r.answers
	}
	r.ask(ctx)
	return r.answers
}

// resolver is one Resolve.
type resolver struct {
	config  aws.Config
	refs    []reference.Reference
	answers []reference.Answer // of refs; each is written by one goroutine
}

// A query is one thing to ask for, and the references that want it: several keys of a secret are one.
type query struct {
	region, id string
	stage      string // of a secret
	version    string // of a secret, or the selector of a parameter
	store      reference.Store
}

// ask makes the calls, all at the same time.
func (r *resolver) ask(ctx context.Context) {
	wanted := map[query][]int{}
	parameters := map[string][]query{} // by region
	var calls sync.WaitGroup
	for i, ref := range r.refs {
		if r.answers[i].Err != nil {
			continue // it has no region
		}
		q := r.query(ref)
		wanted[q] = append(wanted[q], i)
		if len(wanted[q]) == 1 && q.store == reference.SSM {
			parameters[q.region] = append(parameters[q.region], q)
		}
	}
	for region, queries := range parameters {
		for batch := range slices.Chunk(queries, maxNames) {
			calls.Go(func() { r.getParameters(ctx, region, batch, wanted) })
		}
	}
	for q, refs := range wanted {
		if q.store == reference.SecretsManager {
			calls.Go(func() { r.getSecret(ctx, q, refs) })
		}
	}
	calls.Wait()
}

func (r *resolver) query(ref reference.Reference) query {
	q := query{store: ref.Store, region: ref.Region, id: ref.ID, stage: ref.Stage, version: ref.Version + ref.Selector}
	if q.region == "" {
		q.region = r.config.Region
	}
	return q
}

// fail gives the same answer to several references.
func (r *resolver) fail(refs []int, failure *reference.Failure) {
	for _, i := range refs {
		r.answers[i].Err = failure
	}
}

// answer gives a value to a reference. An empty one is none.
func (r *resolver) answer(i int, value string) {
	if value == "" {
		r.answers[i].Err = wrong("put the value in, or leave the reference out", "%s is empty", r.refs[i])
		return
	}
	r.answers[i].Value = value
}

func all(n int) []int {
	indices := make([]int, n)
	for i := range indices {
		indices[i] = i
	}
	return indices
}
