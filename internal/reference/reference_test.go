package reference_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/reference"
)

const (
	parameter = "arn:aws:ssm:eu-west-1:123456789012:parameter/ci/pat"
	secret    = "arn:aws:secretsmanager:us-gov-west-1:123456789012:secret:ci/pat-AbCdEf"
)

func TestParse(t *testing.T) {
	const ssm, manager = reference.SSM, reference.SecretsManager
	for text, want := range map[string]reference.Reference{
		"pat":                       {Store: ssm, ID: "pat"},
		"/ci/runner.pat_2-x":        {Store: ssm, ID: "/ci/runner.pat_2-x"},
		"/ci/pat:3":                 {Store: ssm, ID: "/ci/pat", Selector: "3"},
		"pat:live.v2":               {Store: ssm, ID: "pat", Selector: "live.v2"},
		parameter:                   {Store: ssm, Region: "eu-west-1", ID: parameter},
		parameter + ":12":           {Store: ssm, Region: "eu-west-1", ID: parameter, Selector: "12"},
		parameter + ":live":         {Store: ssm, Region: "eu-west-1", ID: parameter, Selector: "live"},
		secret:                      {Store: manager, Region: "us-gov-west-1", ID: secret},
		secret + ":pat::":           {Store: manager, Region: "us-gov-west-1", ID: secret, Key: "pat"},
		secret + "::AWSPREVIOUS:":   {Store: manager, Region: "us-gov-west-1", ID: secret, Stage: "AWSPREVIOUS"},
		secret + ":ein Schlüssel::": {Store: manager, Region: "us-gov-west-1", ID: secret, Key: "ein Schlüssel"},
		secret + ":key:s:EXAMPLE1-90ab-cdef-fedc-ba987EXAMPLE": {
			Store: manager, Region: "us-gov-west-1", ID: secret, Key: "key", Stage: "s", Version: "EXAMPLE1-90ab-cdef-fedc-ba987EXAMPLE"},
		"/aws/reference/secretsmanager/ci/pat":                              {Store: ssm, ID: "/aws/reference/secretsmanager/ci/pat"},
		"arn:aws:ssm:us-east-1::parameter/aws/service/x":                    {Store: ssm, Region: "us-east-1", ID: "arn:aws:ssm:us-east-1::parameter/aws/service/x"},
		"arn:aws-cn:ssm:cn-north-1:123456789012:parameter/a":                {Store: ssm, Region: "cn-north-1", ID: "arn:aws-cn:ssm:cn-north-1:123456789012:parameter/a"},
		"arn:aws-us-gov:secretsmanager:us-gov-east-1:123456789012:secret:a": {Store: manager, Region: "us-gov-east-1", ID: "arn:aws-us-gov:secretsmanager:us-gov-east-1:123456789012:secret:a"},
		"arn:aws-eusc:ssm:eusc-de-east-1:123456789012:parameter/a":          {Store: ssm, Region: "eusc-de-east-1", ID: "arn:aws-eusc:ssm:eusc-de-east-1:123456789012:parameter/a"},
	} {
		got, err := reference.Parse(text)
		if err != nil || got != want {
			t.Errorf("Parse(%q)\n got %+v, %v\nwant %+v", text, got, err, want)
		}
		if got.String() != text {
			t.Errorf("Parse(%q) is written %q", text, got)
		}
	}
	if r, err := reference.Parse(secret + ":::"); err != nil || r.ID != secret {
		t.Errorf("three empty fields: %+v, %v", r, err)
	}
}

func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                                   "it is empty",
		"two words":                          "letters, digits",
		"pat\n":                              "line break",
		"päth":                               "letters, digits",
		"a+b":                                "letters, digits",
		"/":                                  "no name",
		":3":                                 "no name",
		"pat:":                               "neither a version nor a label",
		"pat:0":                              "neither a version nor a label",
		"pat:1a":                             "neither a version nor a label",
		"pat:3:4":                            "neither a version nor a label",
		strings.Repeat("a", 2049):            "longer than 2048",
		"arn:aws:ssm:eu-west-1:123456789012": "5 of 6 parts",
		"arn:aws:s3:::bucket":                `another service: "s3"`,
		"arn:aws:ssm:eu-west-1:123456789012:document/x":           "is no parameter",
		"arn:aws:ssm:eu-west-1:123456789012:parameter":            "no name",
		"arn:aws:ssm:eu-west-1:123456789012:parameter/":           "no name",
		"arn:aws:ssm:eu-west-1:123456789012:parameter/a:":         "neither a version nor a label",
		"arn:aws:ssm:eu-west-1:1234:parameter/a":                  "12 digits",
		"arn:aws:ssm:evil.example:123456789012:parameter/a":       "no region",
		"arn:aws:ssm::123456789012:parameter/a":                   "no region",
		"arn:aws:ssm:us-east:123456789012:parameter/a":            "no region",
		"arn:azure:ssm:eu-west-1:123456789012:parameter/a":        "no partition",
		"arn:awsx:ssm:eu-west-1:123456789012:parameter/a":         "no partition",
		"arn:aws:secretsmanager:eu-west-1:123456789012:thing:a":   "is no secret",
		"arn:aws:secretsmanager:eu-west-1:123456789012:secret":    "no name",
		"arn:aws:secretsmanager:eu-west-1:123456789012:secret:":   "no name",
		"arn:aws:secretsmanager:eu-west-1:123456789012:secret:a*": "letters, digits",
		"arn:aws:secretsmanager:eu-west-1::secret:a":              "12 digits",
		secret + ":key":       "1 fields follow",
		secret + "::a stage:": "no white space",
		secret + ":::ä":       "no white space",
		"arn:aws:ssm:eu-west-1:123456789012:parameter/\xff": "another character",
		secret + ":key:":    "2 fields follow",
		secret + ":key::::": "5 fields follow",
	} {
		r, err := reference.Parse(text)
		failure, ok := errors.AsType[*reference.Failure](err)
		if !ok || !strings.Contains(failure.Message, want) || failure.Hint == "" || failure.Fault != reference.Wrong {
			t.Errorf("Parse(%q) = %+v, %v; want an error with %q and a hint", text, r, err, want)
		}
	}
}

// What was put where a reference belongs may be the secret itself.
func TestNothingIsQuotedButARNs(t *testing.T) {
	for _, text := range []string{"not+a+reference+but+a+token", "-----BEGIN KEY-----", "name:not-a-selector!", "a b"} {
		_, err := reference.Parse(text)
		if err == nil || strings.Contains(err.Error(), text) || strings.Contains(err.Error(), "token") {
			t.Errorf("Parse(%q): %v", text, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"pat", "/ci/pat:3", parameter, parameter + ":live", secret, secret + ":key:stage:version", secret + ":::", "arn:aws:ssm::x", "arn:", ":"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := reference.Parse(text)
		if err != nil {
			if failure, ok := errors.AsType[*reference.Failure](err); !ok || failure.Hint == "" || failure.Message == "" {
				t.Errorf("Parse(%q): %#v", text, err)
			}
			return
		}
		if got := r.String(); got != text && got+":::" != text {
			t.Errorf("Parse(%q) is written %q", text, got)
		}
		if again, err := reference.Parse(r.String()); err != nil || again != r {
			t.Errorf("Parse(%q) = %+v, and what it is written as is %+v, %v", text, r, again, err)
		}
		if strings.Trim(r.Region, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || reference.IsARN(text) != (r.Region != "") {
			t.Errorf("Parse(%q) has the region %q", text, r.Region)
		}
		if r.Store == reference.SSM && r.Key+r.Stage+r.Version != "" || r.Store == reference.SecretsManager && r.Selector != "" {
			t.Errorf("Parse(%q) = %+v, which mixes the stores", text, r)
		}
	})
}
