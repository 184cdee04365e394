package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/aws/smithy-go"

	"github.com/runner-init/runner-init/internal/reference"
)

func wrong(hint, format string, args ...any) *reference.Failure {
	return &reference.Failure{Fault: reference.Wrong, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// isAnswer reports whether AWS has answered, and not only been out of reach.
func isAnswer(err error) bool {
	_, ok := errors.AsType[smithy.APIError](err)
	return ok
}

// Codes of AWS's refusals (Systems Manager, Secrets Manager and KMS API references, "Common Errors").
var (
	deniedCodes  = []string{"AccessDeniedException", "AccessDenied", "NotAuthorized", "UnauthorizedOperation", "DecryptionFailure", "KMSAccessDeniedException"}
	unknownCodes = []string{"UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch", "IncompleteSignature",
		"MissingAuthenticationToken", "MissingAuthenticationTokenException", "ExpiredTokenException", "ExpiredToken", "RequestExpired", "OptInRequired", "InvalidAccessKeyId"}
	absentCodes = []string{"ResourceNotFoundException", "ParameterNotFound", "ParameterVersionNotFound", "ParameterVersionLabelNotFound"}
)

// judge says why a call came to nothing.
func (r *retryer) judge(ctx context.Context, q query, err error) *reference.Failure {
	api, ok := errors.AsType[smithy.APIError](err)
	switch {
	case ctx.Err() != nil:
		return &reference.Failure{Fault: reference.Unreachable, Message: fmt.Sprintf("%s gave no value by the deadline: %s", q.where(), r.cause()), Hint: reachHint}
	case !ok:
		return &reference.Failure{Fault: reference.Unreachable, Message: fmt.Sprintf("cannot reach %s: %s", q.where(), plain(root(err).Error())), Hint: reachHint}
	}
	code, message := api.ErrorCode(), plain(api.ErrorMessage())
	switch {
	case slices.Contains(deniedCodes, code):
		return q.denied(message)
	case slices.Contains(unknownCodes, code):
		return &reference.Failure{Fault: reference.Denied, Message: fmt.Sprintf("%s does not accept our AWS credentials: %s: %s", q.where(), code, message),
			Hint: "check that they are neither expired nor those of another partition, and the clock"}
	case slices.Contains(absentCodes, code):
		return wrong("check the ARN, its region, and the version", "there is no %s in %s: %s", q.id, q.region, message)
	}
	return wrong("the words are AWS's", "%s refuses %s: %s: %s", q.where(), q.id, code, message)
}

const reachHint = "check the region, the route to AWS (NAT, or VPC endpoints for ssm, secretsmanager and kms), and the proxy"

// where is who was asked.
func (q query) where() string { return q.store.Name() + " in " + q.region }

// denied names what has to be allowed, as a policy would.
func (q query) denied(message string) *reference.Failure {
	action, resource := q.action(), q.resource()
	if said := after(message, "not authorized to perform: "); said != "" {
		action = said
		resource = cmp.Or(after(message, "on resource: "), resource)
	} else if m := strings.ToLower(message); strings.Contains(m, "kms") || strings.Contains(m, "ciphertext") || strings.Contains(m, "decrypt") {
		action, resource = decrypt, "the key of "+resource
	}
	who := ""
	if user := after(message, "User: "); user != "" {
		who = " to " + user
	}
	return &reference.Failure{Fault: reference.Denied, Message: fmt.Sprintf("AWS denies %s on %s%s", action, resource, who),
		Hint: fmt.Sprintf("allow %s on %s to the role that the container has: on ECS the task role, not the execution role; AWS says: %s", action, resource, cmp.Or(message, "nothing"))}
}

const decrypt = "kms:Decrypt"

func (q query) action() string {
	if q.store == reference.SSM {
		return "ssm:GetParameters"
	}
	return "secretsmanager:GetSecretValue"
}

// resource is the ARN, or the pattern of one where the account is not known.
func (q query) resource() string {
	if reference.IsARN(q.id) {
		return q.id
	}
	partition := "aws"
	switch {
	case strings.HasPrefix(q.region, "cn-"):
		partition = "aws-cn"
	case strings.HasPrefix(q.region, "us-gov-"):
		partition = "aws-us-gov"
	}
	return "arn:" + partition + ":ssm:" + q.region + ":*:parameter/" + parameterName(q.id)
}

// after returns the word that follows some others.
func after(message, words string) string {
	_, rest, ok := strings.Cut(message, words)
	if !ok {
		return ""
	}
	word, _, _ := strings.Cut(rest, " ")
	return word
}

// root is the innermost of nested errors: the others name the operation, which we have done ourselves.
func root(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// plain is somebody else's text on one line, and not longer than a line or two.
func plain(message string) string {
	const longest = 400
	message = strings.Join(strings.FieldsFunc(message, func(r rune) bool { return !unicode.IsGraphic(r) || unicode.IsSpace(r) }), " ")
	if len(message) > longest {
		message = strings.ToValidUTF8(message[:longest], "") + "…"
	}
	return message
}
