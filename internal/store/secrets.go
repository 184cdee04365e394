package store

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/runner-init/runner-init/internal/reference"
)

// getSecret asks for one version of one secret, for every reference to it.
func (r *resolver) getSecret(ctx context.Context, q query, refs []int) {
	again := newRetryer()
	client := secretsmanager.NewFromConfig(r.config, func(o *secretsmanager.Options) { o.Region, o.Retryer = q.region, again })
	in := &secretsmanager.GetSecretValueInput{SecretId: &q.id}
	if q.stage != "" {
		in.VersionStage = &q.stage
	}
	if q.version != "" {
		in.VersionId = &q.version
	}
	out, err := client.GetSecretValue(ctx, in)
	switch {
	case err != nil:
		r.fail(refs, again.judge(ctx, q, err))
		return
	case out.SecretString == nil && len(out.SecretBinary) > 0:
		r.fail(refs, wrong("store it as text: put-secret-value --secret-string", "the secret %s is binary", q.id))
		return
	}
	for _, i := range refs {
		value, failure := pick(text(out.SecretString), r.refs[i])
		if failure != nil {
			r.answers[i].Err = failure
			continue
		}
		r.answer(i, value)
	}
}

// pick returns the value of the key that a reference names, or the whole text. Like ECS it takes a number or a boolean
// for its text; what has an inner structure is none.
func pick(content string, ref reference.Reference) (string, *reference.Failure) {
	if ref.Key == "" {
		return content, nil
	}
	const hint = "the secret has to be a JSON object with that key, and a text for its value"
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(content), &object) != nil || object == nil {
		return "", wrong(hint, "the secret %s is no JSON object, and the key %q of one is asked for", ref.ID, ref.Key)
	}
	raw, ok := object[ref.Key]
	if !ok {
		return "", wrong(hint, "the secret %s has no key %q", ref.ID, ref.Key)
	}
	var value string
	if json.Unmarshal(raw, &value) == nil && string(raw) != "null" {
		return value, nil
	}
	if strings.ContainsAny(string(raw[:1]), "{[n") {
		return "", wrong(hint, "the value of the key %q of the secret %s is no text", ref.Key, ref.ID)
	}
	return string(raw), nil
}
