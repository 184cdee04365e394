package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/reference"
	"github.com/runner-init/runner-init/internal/sim/aws"
)

func TestEveryForm(t *testing.T) {
	sim, _ := simulate(t)
	sim.Put(aws.Parameter{Region: region, Name: "/ci/pat", Value: "old", Secure: true, Labels: []string{"previous"}})
	sim.Put(aws.Parameter{Region: region, Name: "/ci/pat", Value: "new", Secure: true})
	sim.Put(aws.Parameter{Region: region, Name: "plain", Value: "a,b"})
	sim.Put(aws.Parameter{Region: "us-east-1", Name: "plain", Value: "elsewhere"})
	x := aws.Secret{Region: region, Name: "ci/app-AbCdEf", Text: `{"key":"pem","id":123456789,"on":true}`, Version: "v2"}
	sim.Keep(x)
	sim.Keep(aws.Secret{Region: region, Name: x.Name, Text: "before", Version: "v1", Stages: []string{"AWSPREVIOUS"}})
	arn := "arn:aws:ssm:" + region + ":" + aws.Account + ":parameter/"
	got := values(t, resolve(t, "/ci/pat", "/ci/pat:1", "/ci/pat:previous", "plain", arn+"ci/pat", arn+"ci/pat:2", arn+"plain",
		"arn:aws:ssm:us-east-1:"+aws.Account+":parameter/plain",
		x.ARN(), x.ARN()+":key::", x.ARN()+":id::", x.ARN()+":on::", x.ARN()+"::AWSPREVIOUS:", x.ARN()+":::v1"))
	if want := `new,old,old,a,b,new,new,a,b,elsewhere,{"key":"pem","id":123456789,"on":true},pem,123456789,true,before,before`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	// Seven names in one region, one in the other; the secret's keys are one question.
	if calls := sim.Count("ssm:GetParameters"); calls != 2 {
		t.Errorf("GetParameters was called %d times, want once for each region", calls)
	}
	if calls := sim.Count("secretsmanager:GetSecretValue"); calls != 3 {
		t.Errorf("GetSecretValue was called %d times, want once for each version", calls)
	}
}

func TestBatches(t *testing.T) {
	sim, _ := simulate(t)
	var names, want []string
	for i := range 23 {
		name := fmt.Sprintf("p%d", i)
		sim.Put(aws.Parameter{Region: region, Name: name, Value: "v" + name})
		names, want = append(names, name), append(want, "v"+name)
	}
	names, want = append(names, "p0"), append(want, "vp0") // nothing is asked for twice
	if got := values(t, resolve(t, names...)); got != strings.Join(want, ",") {
		t.Errorf("got %s", got)
	}
	var sizes []int
	for _, e := range sim.Journal() {
		sizes = append(sizes, len(e.Names))
	}
	slices.Sort(sizes)
	if !slices.Equal(sizes, []int{3, 10, 10}) {
		t.Errorf("the batches have %v names", sizes)
	}
}

func TestNothingIsAskedForNothing(t *testing.T) {
	sim, _ := simulate(t)
	t.Setenv("AWS_USE_FIPS_ENDPOINT", "perhaps") // fails whoever loads AWS's configuration
	if got := resolve(t); got != nil {
		t.Errorf("got %v", got)
	}
	refused(t, resolve(t, "p")[0], reference.Wrong, "AWS's own configuration", "AWS_USE_FIPS_ENDPOINT")
	if j := sim.Journal(); len(j) > 0 {
		t.Errorf("AWS was asked: %v", j)
	}
}

func TestAbsent(t *testing.T) {
	sim, _ := simulate(t)
	sim.Put(aws.Parameter{Region: region, Name: "there", Value: "v"})
	x := aws.Secret{Region: region, Name: "x-AbCdEf", Text: `{"a":{"b":1},"n":null,"e":"","l":[1]}`}
	text, binary := aws.Secret{Region: region, Name: "t-AbCdEf", Text: "not-for-your-eyes"}, aws.Secret{Region: region, Name: "b-AbCdEf", Binary: []byte{1}}
	empty, list := aws.Secret{Region: region, Name: "e-AbCdEf"}, aws.Secret{Region: region, Name: "l-AbCdEf", Text: "null"}
	for _, s := range []aws.Secret{x, text, binary, empty, list} {
		sim.Keep(s)
	}
	a := resolve(t, "there", "gone", "/gone/too", "there:7", "there:live", x.ARN()+":a::", x.ARN()+":n::", x.ARN()+":l::", x.ARN()+":e::", x.ARN()+":nope::",
		text.ARN()+":key::", binary.ARN(), empty.ARN(), list.ARN()+":key::", strings.Replace(x.ARN(), ":x-", ":y-", 1), x.ARN()+"::AWSPENDING:")
	if a[0].Value != "v" {
		t.Errorf("what there is: %+v", a[0])
	}
	for i, words := range []string{1: `no parameter "gone" in eu-west-1`, 2: `"/gone/too"`, 3: `"there:7"`, 4: `"there:live"`,
		5: `"a" of the secret arn:aws:secretsmanager`, 6: `"n" of the secret`, 7: `"l" of the secret`, 8: "is empty", 9: `has no key "nope"`,
		10: "no JSON object", 11: "is binary", 12: "is empty", 13: "no JSON object", 14: "there is no arn:aws:secretsmanager", 15: "AWSPENDING"} {
		if i > 0 {
			refused(t, a[i], reference.Wrong, words)
		}
	}
	for _, answer := range a[1:] {
		if strings.Contains(fmt.Sprintf("%+v", answer.Err), "not-for-your-eyes") {
			t.Errorf("an error shows the secret: %v", answer.Err)
		}
	}
}
