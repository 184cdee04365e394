// Package reference is the grammar of references to AWS's two stores of values, as the valueFrom of an ECS task
// definition has it: the name or ARN of a parameter in the Systems Manager Parameter Store, or the ARN of a secret in
// Secrets Manager.
//
// It decides what a text means and asks nobody. What a reference comes to, and why it came to nothing, has its type
// here, so that who wants a value and who gets it need not know each other.
package reference

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Store is where a value is kept.
type Store string

// The stores, by the name that their service has in an ARN.
const (
	SSM            Store = "ssm"            // Systems Manager Parameter Store
	SecretsManager Store = "secretsmanager" // AWS Secrets Manager
)

// Name is what the store is called.
func (s Store) Name() string {
	if s == SSM {
		return "SSM Parameter Store"
	}
	return "Secrets Manager"
}

// Reference names one value in a store. Parse makes it.
type Reference struct {
	Store Store
	// Region is the region that an ARN names. A parameter's bare name leaves it empty: it is in our own region.
	Region string
	// ID is what the store is asked for: the name or ARN of the parameter, or the ARN of the secret, without what
	// follows below.
	ID string
	// Selector is the version or the label of a parameter. Empty means the newest version.
	Selector string
	// Key is the one of a secret's JSON object whose value is meant. Empty means the whole text.
	Key string
	// Stage and Version choose a version of a secret. Empty means AWSCURRENT.
	Stage, Version string
}

// String is the reference as it was written.
func (r Reference) String() string {
	switch {
	case r.Store == SecretsManager && r.Key+r.Stage+r.Version != "":
		return strings.Join([]string{r.ID, r.Key, r.Stage, r.Version}, ":")
	case r.Selector != "":
		return r.ID + ":" + r.Selector
	}
	return r.ID
}

// IsARN reports whether a text has the beginning of an ARN, which no credential of GitHub's has.
func IsARN(text string) bool { return strings.HasPrefix(text, arnPrefix) }

const (
	arnPrefix = "arn:"
	// maxLength is the length of the longest reference that either store takes (SecretId of GetSecretValue, Names of
	// GetParameters).
	maxLength = 2048
)

// What a reference has to look like.
const (
	anyForm       = "use the name or ARN of an SSM parameter, or the ARN of a secret in Secrets Manager"
	parameterForm = "use NAME or arn:aws:ssm:REGION:ACCOUNT:parameter/NAME, with :VERSION or :LABEL after it if need be"
	secretForm    = "use arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME, with nothing after it or all of :JSON-KEY:VERSION-STAGE:VERSION-ID, of which each may be empty"
)

// Parse reads a reference by the grammar of ECS. Its error is a *Failure. It quotes no text that is no ARN: somebody may
// have put the secret itself where its reference belongs.
func Parse(text string) (Reference, error) {
	switch {
	case text == "":
		return Reference{}, wrong(anyForm, "it is empty")
	case len(text) > maxLength:
		return Reference{}, wrong(anyForm, "it is longer than %d characters", maxLength)
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		return Reference{}, wrong(anyForm, "it holds a line break, or another character that no reference has")
	case IsARN(text):
		return parseARN(text)
	}
	return parseParameter(Reference{Store: SSM}, "", text)
}

// parseARN reads arn:partition:service:region:account:resource.
func parseARN(text string) (Reference, error) {
	parts := strings.SplitN(text, ":", 6)
	if len(parts) < 6 {
		return Reference{}, wrong(anyForm, "%q is no ARN: it has %d of 6 parts", text, len(parts))
	}
	partition, service, region, account, resource := parts[1], parts[2], parts[3], parts[4], parts[5]
	r := Reference{Store: Store(service), Region: region}
	form := map[Store]string{SSM: parameterForm, SecretsManager: secretForm}[r.Store]
	switch {
	case form == "":
		return Reference{}, wrong(anyForm, "%q is the ARN of another service: %q", text, service)
	case !isPartition(partition):
		return Reference{}, wrong(form, "%q is no partition of AWS's, such as aws, aws-cn or aws-us-gov", partition)
	case !IsRegion(region):
		return Reference{}, wrong(form, "%q is no region", region)
	case !isAccount(account) && (account != "" || r.Store != SSM): // AWS's own parameters belong to no account
		return Reference{}, wrong(form, "%q is no account: that has 12 digits", account)
	}
	before := strings.TrimSuffix(text, resource)
	if r.Store == SSM {
		return parseParameter(r, before, resource)
	}
	return parseSecret(r, before, resource)
}

// parseParameter reads name, name:version or name:label; in an ARN, what is before it and "parameter" precede it.
func parseParameter(r Reference, before, text string) (Reference, error) {
	name, selector, selected := strings.Cut(text, ":")
	r.ID, r.Selector = before+name, selector
	if before != "" {
		kind, rest, _ := strings.Cut(name, "/")
		if name = rest; kind != "parameter" {
			return Reference{}, wrong(parameterForm, "%q is no parameter: parameter/ and its name have to follow the account", before+text)
		}
	}
	switch {
	case strings.Trim(name, "/") == "":
		return Reference{}, wrong(parameterForm, "the parameter has no name")
	case !consists(name, "_.-/"):
		return Reference{}, wrong(parameterForm, "the name of a parameter has letters, digits and _.-/ only")
	case selected && !isVersion(selector) && !isLabel(selector):
		return Reference{}, wrong(parameterForm, "what follows the name is neither a version nor a label")
	}
	return r, nil
}

// parseSecret reads secret:name, or secret:name:json-key:version-stage:version-id.
func parseSecret(r Reference, before, text string) (Reference, error) {
	parts := strings.Split(text, ":")
	switch {
	case parts[0] != "secret":
		return Reference{}, wrong(secretForm, "%q is no secret: secret: and its name have to follow the account", before+text)
	case len(parts) < 2 || parts[1] == "":
		return Reference{}, wrong(secretForm, "the secret has no name")
	case len(parts) != 2 && len(parts) != 5:
		return Reference{}, wrong(secretForm, "%d fields follow the secret's name in %q: there have to be none or 3", len(parts)-2, before+text)
	case !consists(parts[1], "/_+=.@-"):
		return Reference{}, wrong(secretForm, "the name of a secret has letters, digits and /_+=.@- only")
	case len(parts) == 5 && strings.ContainsFunc(parts[3]+parts[4], func(c rune) bool { return c <= ' ' || c > '~' }):
		return Reference{}, wrong(secretForm, "the stage and the ID of a version have no white space, nor other than ASCII characters")
	}
	r.ID = before + parts[0] + ":" + parts[1]
	if len(parts) == 5 {
		r.Key, r.Stage, r.Version = parts[2], parts[3], parts[4]
	}
	return r, nil
}

func wrong(hint, format string, args ...any) error {
	return &Failure{Fault: Wrong, Message: fmt.Sprintf(format, args...), Hint: hint}
}
