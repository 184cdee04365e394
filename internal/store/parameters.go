package store

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/runner-init/runner-init/internal/reference"
)

// maxNames is how many parameters one GetParameters takes.
const maxNames = 10

// getParameters asks for at most maxNames parameters in one region. A refusal holds for the whole call, whichever
// parameter it is about: then each is asked for alone, so that each gets its own answer.
func (r *resolver) getParameters(ctx context.Context, region string, batch []query, wanted map[query][]int) {
	again := newRetryer()
	client := ssm.NewFromConfig(r.config, func(o *ssm.Options) { o.Region, o.Retryer = region, again })
	names := make([]string, len(batch))
	for i, q := range batch {
		names[i] = q.name()
	}
	out, err := client.GetParameters(ctx, &ssm.GetParametersInput{Names: names, WithDecryption: new(true)})
	switch {
	case err != nil && len(batch) > 1 && isAnswer(err):
		var calls sync.WaitGroup
		for _, q := range batch {
			calls.Go(func() { r.getParameters(ctx, region, []query{q}, wanted) })
		}
		calls.Wait()
		return
	case err != nil:
		for _, q := range batch {
			r.fail(wanted[q], again.judge(ctx, q, err))
		}
		return
	}
	for _, q := range batch {
		p := q.find(out)
		if p == nil {
			r.fail(wanted[q], wrong("check its name, the region, and the version or label", "there is no parameter %q in %s", q.name(), region))
			continue
		}
		for _, i := range wanted[q] {
			r.answer(i, text(p.Value))
		}
	}
}

// name is what GetParameters is asked for.
func (q query) name() string {
	return reference.Reference{Store: reference.SSM, ID: q.id, Selector: q.version}.String()
}

// find returns the parameter of an answer that was asked for, or nil: by its ARN, else by its name, since a bare name was
// asked for where the answer has both.
func (q query) find(out *ssm.GetParametersOutput) *types.Parameter {
	if slices.Contains(out.InvalidParameters, q.name()) {
		return nil
	}
	same := []func(p types.Parameter) bool{
		func(p types.Parameter) bool { return q.id == text(p.ARN) || q.id == text(p.Name) },
		func(p types.Parameter) bool { return parameterName(q.id) == parameterName(text(p.Name)) },
	}
	for _, is := range same {
		for _, p := range out.Parameters {
			if strings.TrimPrefix(text(p.Selector), ":") == q.version && is(p) {
				return &p
			}
		}
	}
	return nil
}

// parameterName is the name in an ARN, or a bare one, without the slash at its beginning.
func parameterName(id string) string {
	if reference.IsARN(id) {
		_, id, _ = strings.Cut(id, ":parameter/")
	}
	return strings.TrimPrefix(id, "/")
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
