package ecr

import "testing"

func TestRegistryOf(t *testing.T) {
	const at = "123456789012."
	for server, want := range map[string]registry{
		at + "dkr.ecr.eu-west-1.amazonaws.com":                     {"123456789012", "eu-west-1", "ecr", "api.ecr.eu-west-1.amazonaws.com"},
		"https://" + at + "dkr.ecr.eu-west-1.amazonaws.com/v2/x":   {"123456789012", "eu-west-1", "ecr", "api.ecr.eu-west-1.amazonaws.com"},
		at + "DKR.ecr.us-east-1.amazonaws.com":                     {"123456789012", "us-east-1", "ecr", "api.ecr.us-east-1.amazonaws.com"},
		at + "dkr.ecr-fips.us-gov-west-1.amazonaws.com":            {"123456789012", "us-gov-west-1", "ecr", "ecr-fips.us-gov-west-1.amazonaws.com"},
		at + "dkr.ecr.cn-north-1.amazonaws.com.cn":                 {"123456789012", "cn-north-1", "ecr", "api.ecr.cn-north-1.amazonaws.com.cn"},
		at + "dkr-ecr.eu-west-1.on.aws":                            {"123456789012", "eu-west-1", "ecr", "ecr.eu-west-1.api.aws"},
		at + "dkr-ecr-fips.us-east-1.on.aws":                       {"123456789012", "us-east-1", "ecr", "ecr-fips.us-east-1.api.aws"},
		at + "dkr-ecr.cn-northwest-1.on.amazonwebservices.com.cn/": {"123456789012", "cn-northwest-1", "ecr", "ecr.cn-northwest-1.api.amazonwebservices.com.cn"},
		"public.ecr.aws":             {"", "us-east-1", "ecr-public", "api.ecr-public.us-east-1.amazonaws.com"},
		"https://ecr-public.aws.com": {"", "us-east-1", "ecr-public", "ecr-public.us-east-1.api.aws"},
	} {
		if got, ok := registryOf(server); !ok || got != want {
			t.Errorf("%s: got %+v, %v; want %+v", server, got, ok, want)
		}
	}
	for _, server := range []string{
		"", "https://index.docker.io/v1/", "ghcr.io", "public.ecr.aws.example.com", "12345678901.dkr.ecr.eu-west-1.amazonaws.com",
		"12345678901a.dkr.ecr.eu-west-1.amazonaws.com", at + "dkr.ecr.eu-west-1.amazonaws.com.example.com", at + "dkr.ecr.eu-west-1.example.com",
		at + "dkr.ecr.eu-west-1.amazonaws.com:5000", at + "dkr.ecr.amazonaws.com", at + "dkr.ecr..amazonaws.com", at + "ecr.eu-west-1.amazonaws.com",
		at + "dkr.ecr.eu-west-1@evil.amazonaws.com", "http://" + at + "dkr.ecr.eu-west-1.amazonaws.com", at + "dkr.s3.eu-west-1.amazonaws.com",
	} {
		if got, ok := registryOf(server); ok {
			t.Errorf("%s: is taken for %+v", server, got)
		}
	}
}
