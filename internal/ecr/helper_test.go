package ecr_test

import (
	"encoding/json"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/ecr"
	"github.com/runner-init/runner-init/internal/sim/aws"
)

const private = "https://999999999999.dkr.ecr.eu-central-1.amazonaws.com"

// simulate starts an AWS and points this process at it, with credentials from the environment.
func simulate(t *testing.T) *aws.Server {
	t.Helper()
	sim := aws.New("eu-west-1")
	server := httptest.NewServer(sim)
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	for name, value := range map[string]string{
		"HOME": t.TempDir(), "AWS_PROFILE": "", "AWS_CONFIG_FILE": "", "AWS_SHARED_CREDENTIALS_FILE": "", "AWS_SESSION_TOKEN": "", "AWS_DEFAULT_REGION": "",
		"AWS_ROLE_ARN": "", "AWS_WEB_IDENTITY_TOKEN_FILE": "", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_ENDPOINT_URL": server.URL,
		"AWS_ACCESS_KEY_ID": aws.KeyID, "AWS_SECRET_ACCESS_KEY": aws.Key, "AWS_REGION": "eu-west-1",
	} {
		t.Setenv(name, value)
	}
	return sim
}

// ask performs one action and returns what Docker reads.
func ask(t *testing.T, action, input string) (out string, code int) {
	t.Helper()
	var b strings.Builder
	code = ecr.Helper{In: strings.NewReader(input), Out: &b, Version: "v1"}.Run(t.Context(), action)
	return strings.TrimSpace(b.String()), code
}

// What Docker gets is the password of the registry that it names, from the region that its name has.
func TestGet(t *testing.T) {
	sim := simulate(t)
	for server, asked := range map[string]aws.Entry{
		private:                   {Action: "ecr:GetAuthorizationToken", Region: "eu-central-1", Names: []string{"999999999999"}, Status: 200},
		"public.ecr.aws":          {Action: "ecr-public:GetAuthorizationToken", Region: "us-east-1", Status: 200},
		"  public.ecr.aws/x/y \n": {Action: "ecr-public:GetAuthorizationToken", Region: "us-east-1", Status: 200},
	} {
		out, code := ask(t, "get", server+"\n")
		var got struct{ ServerURL, Username, Secret string }
		if err := json.Unmarshal([]byte(out), &got); err != nil || code != 0 || got.Username != "AWS" || got.Secret != aws.RegistryPassword || got.ServerURL != strings.TrimSpace(server) {
			t.Errorf("%s: got %q, code %d", server, out, code)
		}
		journal := sim.Journal()
		if last := journal[len(journal)-1]; last.Action != asked.Action || last.Region != asked.Region || !slices.Equal(last.Names, asked.Names) || last.Status != asked.Status {
			t.Errorf("%s: AWS was asked %+v, want %+v", server, last, asked)
		}
	}
	if n := len(sim.Journal()); n != 3 {
		t.Errorf("AWS was asked %d times", n)
	}
}

// What is not Amazon's is said to be unknown, in the words that make Docker go on without, and nobody is asked.
func TestGetOthers(t *testing.T) {
	sim := simulate(t)
	for server, want := range map[string]string{
		"https://index.docker.io/v1/":                               "credentials not found in native keychain",
		"999999999999.dkr.ecr.eu-central-1.amazonaws.com.evil.test": "credentials not found in native keychain",
		"": "no credentials server URL",
	} {
		if out, code := ask(t, "get", server); out != want || code != 1 {
			t.Errorf("%q: got %q, code %d; want %q, 1", server, out, code, want)
		}
	}
	if asked := sim.Journal(); len(asked) > 0 {
		t.Errorf("AWS was asked %+v", asked)
	}
}

// Without AWS credentials anybody may pull what is public, and nobody what is private.
func TestGetWithoutCredentials(t *testing.T) {
	simulate(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	if out, code := ask(t, "get", "public.ecr.aws"); out != "credentials not found in native keychain" || code != 1 {
		t.Errorf("public: got %q, code %d", out, code)
	}
	if out, code := ask(t, "get", private); !strings.Contains(out, "cannot get a token for "+private+": there are no AWS credentials") || code != 1 {
		t.Errorf("private: got %q, code %d", out, code)
	}
	if out, code := ask(t, "list", ""); out != "{}" || code != 0 {
		t.Errorf("list: got %q, code %d", out, code)
	}
}

// A refusal is told with its cause; what may pass is tried again, three times in all.
func TestGetRefused(t *testing.T) {
	for name, c := range map[string]struct {
		fault aws.Fault
		says  string // empty is success
		asked int
	}{
		"denied":         {aws.Fault{Code: "AccessDeniedException", Message: "User: x is not authorized"}, "AccessDeniedException: User: x is not authorized (allow ecr:GetAuthorizationToken", 1},
		"throttled":      {aws.Fault{Code: "com.amazonaws#ThrottlingException", Message: "Rate exceeded", Times: 2}, "", 3},
		"down":           {aws.Fault{Status: 503, Code: "ServiceUnavailable", Message: "later"}, "ServiceUnavailable: later", 3},
		"down, no words": {aws.Fault{Status: 500}, "500 Internal Server Error: ", 3},
	} {
		t.Run(name, func(t *testing.T) {
			sim := simulate(t)
			c.fault.Action = "ecr:GetAuthorizationToken"
			sim.Fault(c.fault)
			out, code := ask(t, "get", private)
			if (code == 0) != (c.says == "") || !strings.Contains(out, strings.TrimSpace(c.says)) {
				t.Errorf("got %q, code %d; want %q", out, code, c.says)
			}
			if n := sim.Count(c.fault.Action); n != c.asked {
				t.Errorf("AWS was asked %d times, want %d", n, c.asked)
			}
		})
	}
}

// Nothing is kept: what would be lost is refused, what is made anew each time is not.
func TestOtherActions(t *testing.T) {
	sim := simulate(t)
	for _, c := range []struct {
		action, input, says string
		code                int
	}{
		{"store", `{"ServerURL":"` + private + `","Username":"AWS","Secret":"x"}`, "", 0},
		{"store", `{"ServerURL":"ghcr.io","Username":"me","Secret":"x"}`, "ghcr.io is no registry of Amazon's", 1},
		{"store", `{"Username":"me"}`, "no credentials server URL", 1},
		{"store", `x`, "it is no JSON", 1},
		{"erase", private, "", 0},
		{"erase", " \n", "no credentials server URL", 1},
		{"version", "", "docker-credential-ecr-login (runner-init) v1", 0},
		{"login", "", `unknown action "login"`, 1},
	} {
		if out, code := ask(t, c.action, c.input); code != c.code || !strings.Contains(out, c.says) || c.says == "" && out != "" {
			t.Errorf("%s %q: got %q, code %d; want %q, %d", c.action, c.input, out, code, c.says, c.code)
		}
	}
	if out, code := ask(t, "list", ""); out != `{"https://123456789012.dkr.ecr.eu-west-1.amazonaws.com":"AWS"}` || code != 0 {
		t.Errorf("list: got %q, code %d", out, code)
	}
	if n := len(sim.Journal()); n != 1 {
		t.Errorf("AWS was asked %d times, want once, for the list", n)
	}
}
