package ecr

import (
	"slices"
	"strings"
)

// A registry is one of Amazon's.
type registry struct {
	account string // none is the public one
	region  string // of its API
	service string // as signatures and variables name it
	api     string // host that hands out tokens
}

// suffixes are those of private registries, and of their API, in AWS's partitions. A token is made for no other host: its
// name would decide who gets it.
var suffixes = []string{"amazonaws.com", "amazonaws.com.cn", "amazonaws.eu", "c2s.ic.gov", "sc2s.sgov.gov", "csp.hci.ic.gov", "cloud.adc-e.uk"}

// dualStack is the suffix of the API of registries that are reached by IPv4 and IPv6, by their own.
func dualStack(suffix string) string {
	switch suffix {
	case "on.aws":
		return "api.aws"
	case "on.amazonwebservices.com.cn":
		return "api.amazonwebservices.com.cn"
	}
	return ""
}

// registryOf recognizes a registry by the address that Docker has for it, with or without scheme and path
// (https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-requests.html).
func registryOf(server string) (r registry, ok bool) {
	host := strings.ToLower(strings.TrimPrefix(server, "https://"))
	host, _, _ = strings.Cut(host, "/")
	switch host {
	case "public.ecr.aws":
		return registry{region: "us-east-1", service: "ecr-public", api: "api.ecr-public.us-east-1.amazonaws.com"}, true
	case "ecr-public.aws.com":
		return registry{region: "us-east-1", service: "ecr-public", api: "ecr-public.us-east-1.api.aws"}, true
	}
	account, rest, _ := strings.Cut(host, ".")
	if len(account) != 12 || strings.Trim(account, "0123456789") != "" {
		return r, false
	}
	r = registry{account: account, service: "ecr"}
	kind, rest, _ := strings.Cut(strings.Replace(rest, "dkr.", "dkr-", 1), ".")
	r.region, rest, _ = strings.Cut(rest, ".")
	if r.region == "" || strings.Trim(r.region, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return r, false
	}
	dual := dualStack(rest)
	switch {
	case dual != "" && (kind == "dkr-ecr" || kind == "dkr-ecr-fips"):
		r.api = strings.TrimPrefix(kind, "dkr-") + "." + r.region + "." + dual
	case slices.Contains(suffixes, rest) && kind == "dkr-ecr":
		r.api = "api.ecr." + r.region + "." + rest
	case slices.Contains(suffixes, rest) && kind == "dkr-ecr-fips":
		r.api = "ecr-fips." + r.region + "." + rest
	default:
		return r, false
	}
	return r, true
}
