package main

import (
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/runner-init/runner-init/internal/sim/aws"
)

const awsRegion = "eu-west-1"

// awsScript is the AWS of one script, and how much of its journal has been looked at.
type awsScript struct {
	*aws.Server
	seen int
}

var awsScripts sync.Map // *testscript.TestScript to *awsScript

// startAWS starts an AWS at $AWS_ENDPOINT_URL, with credentials and a region in the usual variables. $SECRET is the ARN of
// the secret ci/pat-AbCdEf.
func startAWS(ts *testscript.TestScript, _ bool, _ []string) {
	a := &awsScript{Server: aws.New(awsRegion)}
	server := httptest.NewServer(a)
	ts.Defer(func() { awsScripts.Delete(ts); server.CloseClientConnections(); server.Close() })
	awsScripts.Store(ts, a)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": awsRegion, "AWS_ACCESS_KEY_ID": aws.KeyID, "AWS_SECRET_ACCESS_KEY": aws.Key,
		"AWS_EC2_METADATA_DISABLED": "true", "SECRET": aws.Secret{Region: awsRegion, Name: "ci/pat-AbCdEf"}.ARN(),
	} {
		ts.Setenv(name, value)
	}
}

// awsCmds are the commands of a script that are about AWS:
//
//	startaws                      starts it; before, there is none
//	parameter NAME VALUE [LABEL]  a version of a parameter
//	secret NAME TEXT              a secret
//	deny ARN                      nobody may read it
//	throttle ACTION               it is put off for ever
//	hang ACTION                   it is never answered
//	called ACTION                 waits until it has been asked for
//	aws 'ACTION …'                has been asked for exactly that since the last time
//	forget                        what has been asked for
func awsCmds() map[string]func(*testscript.TestScript, bool, []string) {
	command := func(n int, f func(*testscript.TestScript, *awsScript, []string)) func(*testscript.TestScript, bool, []string) {
		return func(ts *testscript.TestScript, neg bool, args []string) {
			if neg || len(args) < n {
				ts.Fatalf("%d arguments, want %d", len(args), n)
			}
			a, ok := awsScripts.Load(ts)
			if !ok {
				ts.Fatalf("startaws comes first")
			}
			f(ts, a.(*awsScript), args)
		}
	}
	return map[string]func(*testscript.TestScript, bool, []string){
		"startaws": startAWS,
		"parameter": command(2, func(_ *testscript.TestScript, a *awsScript, args []string) {
			a.Put(aws.Parameter{Region: awsRegion, Name: args[0], Value: args[1], Labels: args[2:], Secure: true})
		}),
		"secret": command(2, func(_ *testscript.TestScript, a *awsScript, args []string) {
			a.Keep(aws.Secret{Region: awsRegion, Name: args[0], Text: args[1]})
		}),
		"deny": command(1, func(_ *testscript.TestScript, a *awsScript, args []string) { a.Deny(args[0], "") }),
		"throttle": command(1, func(_ *testscript.TestScript, a *awsScript, args []string) {
			a.Fault(aws.Fault{Action: args[0], Code: "ThrottlingException", Message: "Rate exceeded"})
		}),
		"hang": command(1, func(_ *testscript.TestScript, a *awsScript, args []string) {
			a.Clear()
			a.Fault(aws.Fault{Action: args[0], Hang: true})
			a.seen = len(a.Journal())
		}),
		"called": command(1, func(ts *testscript.TestScript, a *awsScript, args []string) {
			for deadline := time.Now().Add(time.Minute); !strings.Contains(a.since(), args[0]); {
				if time.Now().After(deadline) {
					ts.Fatalf("AWS was asked for %q", a.since())
				}
				time.Sleep(time.Millisecond)
			}
		}),
		"forget": command(0, func(_ *testscript.TestScript, a *awsScript, _ []string) { a.seen = len(a.Journal()) }),
		"aws": command(1, func(ts *testscript.TestScript, a *awsScript, args []string) {
			for action := range strings.FieldsSeq(args[0]) {
				if !strings.Contains(a.since(), action) {
					ts.Fatalf("AWS was asked for %q, not for %s", a.since(), action)
				}
			}
			if got := a.since(); len(strings.Fields(got)) != len(strings.Fields(args[0])) {
				ts.Fatalf("AWS was asked for %q, want %q", got, args[0])
			}
		}),
	}
}

// since is what was asked for since the last time.
func (a *awsScript) since() string {
	var all []string
	for _, e := range a.Journal()[a.seen:] {
		all = append(all, e.Action)
	}
	return strings.Join(all, " ")
}
