package taskdefs_test

import (
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

const cluster = "github-runners"

// policy is IAM's document. An action and a resource may be a text or a list of them.
type policy struct {
	Version   string
	Statement []statement
}

type statement struct {
	Effect           string
	Principal        map[string]string
	Action, Resource many
	Condition        map[string]map[string]string
}

type many []string

func (m *many) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*m = many{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(m))
}

// readPolicy decodes strictly, and what was read has to be what the file says: the names' case counts.
func readPolicy(t *testing.T, path string) policy {
	t.Helper()
	p := *decode[policy](t, path)
	names := map[string]bool{"Version": true, "Statement": true, "Effect": true, "Principal": true, "Service": true, "Action": true, "Resource": true, "Condition": true}
	var walk func(v any, deep bool)
	walk = func(v any, deep bool) {
		if list, ok := v.([]any); ok {
			for _, e := range list {
				walk(e, deep)
			}
		}
		if object, ok := v.(map[string]any); ok {
			for name, e := range object {
				if !deep && !names[name] {
					t.Errorf("%s: IAM knows no %q", path, name)
				}
				walk(e, deep || name == "Condition")
			}
		}
	}
	walk(tree(t, contents(t, path)), false)
	if p.Version != "2012-10-17" {
		t.Errorf("%s: version %q", path, p.Version)
	}
	for _, s := range p.Statement {
		if s.Effect != "Allow" || len(s.Action) == 0 || (len(s.Resource) == 0) == (s.Principal == nil) {
			t.Errorf("%s: no statement of a role: %+v", path, s)
		}
	}
	return p
}

// granted are the actions of a policy, and on what.
func (p policy) granted() map[string][]string {
	all := map[string][]string{}
	for _, s := range p.Statement {
		for _, a := range s.Action {
			all[a] = append(all[a], s.Resource...)
		}
	}
	return all
}

// allows says if the policy allows an action on a resource, as IAM compares them: * is anything, ? one character.
func (p policy) allows(action, arn string) bool {
	return slices.ContainsFunc(p.granted()[action], func(resource string) bool {
		pattern := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(edited(resource)))
		return regexp.MustCompile("^" + pattern + "$").MatchString(edited(arn))
	})
}

// The roles have these rights and no others; a wildcard stands only where AWS has it so: the token of ECR is for all of it,
// and nobody knows a log stream, a task, a revision or the suffix of a secret before it is made.
func TestRights(t *testing.T) {
	const where = "CHANGE-ME-REGION:CHANGE-ME-ACCOUNT:"
	var families many
	for _, d := range definitions(t) {
		families = append(families, "arn:aws:ecs:"+where+"task-definition/"+aws.ToString(d.Family)+":*")
	}
	ecr := many{"arn:aws:ecr:" + where + "repository/github-runner"}
	logs := many{"arn:aws:logs:" + where + "log-group:/ecs/github-runner:log-stream:*"}
	for path, want := range map[string]map[string]many{
		"iam/execution-role.json": {
			"ecr:GetAuthorizationToken":       {"*"},
			"ecr:BatchCheckLayerAvailability": ecr, "ecr:BatchGetImage": ecr, "ecr:GetDownloadUrlForLayer": ecr,
			"logs:CreateLogStream": logs, "logs:PutLogEvents": logs,
			"ssm:GetParameters":             {"arn:aws:ssm:" + where + "parameter/github-runner/token"},
			"secretsmanager:GetSecretValue": {"arn:aws:secretsmanager:" + where + "secret:github-runner/app-??????"},
		},
		"iam/task-role.json": {"ecs:UpdateTaskProtection": {"arn:aws:ecs:" + where + "task/" + cluster + "/*"}},
		"iam/dispatcher-role.json": {
			"ecs:RunTask":  families,
			"iam:PassRole": {"arn:aws:iam::CHANGE-ME-ACCOUNT:role/github-runner-execution", "arn:aws:iam::CHANGE-ME-ACCOUNT:role/github-runner-task"},
		},
	} {
		got := readPolicy(t, path).granted()
		for action, resources := range want {
			if g := slices.Sorted(slices.Values(got[action])); !slices.Equal(g, slices.Sorted(slices.Values(resources))) {
				t.Errorf("%s: %s on %q, want %q", path, action, g, resources)
			}
			delete(got, action)
		}
		for action := range got {
			t.Errorf("%s: %s: no need of it", path, action)
		}
	}
}

// Who may use a role, and when.
func TestConditions(t *testing.T) {
	const account = "CHANGE-ME-ACCOUNT"
	for path, want := range map[string][]map[string]map[string]string{
		"iam/execution-role.json": {nil, nil, nil, nil, nil},
		"iam/task-role.json":      {nil},
		"iam/dispatcher-role.json": {
			{"ArnEquals": {"ecs:cluster": "arn:aws:ecs:CHANGE-ME-REGION:" + account + ":cluster/" + cluster}},
			{"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
		},
		"iam/trust-tasks.json":      {{"StringEquals": {"aws:SourceAccount": account}, "ArnLike": {"aws:SourceArn": "arn:aws:ecs:CHANGE-ME-REGION:" + account + ":*"}}},
		"iam/trust-dispatcher.json": {nil},
	} {
		var got []map[string]map[string]string
		for _, s := range readPolicy(t, path).Statement {
			got = append(got, s.Condition)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: conditions %v, want %v", path, got, want)
		}
	}
	for path, service := range map[string]string{"iam/trust-tasks.json": "ecs-tasks.amazonaws.com", "iam/trust-dispatcher.json": "lambda.amazonaws.com"} {
		for _, s := range readPolicy(t, path).Statement {
			if !reflect.DeepEqual(s.Principal, map[string]string{"Service": service}) || !slices.Equal(s.Action, many{"sts:AssumeRole"}) {
				t.Errorf("%s: %+v", path, s)
			}
		}
	}
	if n := len(files(t, "iam/*.json")); n != 5 {
		t.Errorf("%d documents: one is tested by nobody", n)
	}
}

// The execution role reaches what the definitions name, and the dispatcher starts them with the roles that they have.
func TestRightsAreEnough(t *testing.T) {
	execution, dispatcher := readPolicy(t, "iam/execution-role.json"), readPolicy(t, "iam/dispatcher-role.json")
	can := func(p policy, name, action, arn string) {
		t.Helper()
		if !p.allows(action, arn) {
			t.Errorf("%s: no right to %s on %s", name, action, arn)
		}
	}
	for _, d := range definitions(t) {
		can(dispatcher, d.name, "ecs:RunTask", "arn:aws:ecs:CHANGE-ME-REGION:CHANGE-ME-ACCOUNT:task-definition/"+aws.ToString(d.Family)+":12")
		can(dispatcher, d.name, "iam:PassRole", aws.ToString(d.ExecutionRoleArn))
		can(dispatcher, d.name, "iam:PassRole", aws.ToString(d.TaskRoleArn))
		for _, c := range d.ContainerDefinitions {
			checkReach(t, d.name, execution, c)
		}
	}
}

func checkReach(t *testing.T, name string, p policy, c types.ContainerDefinition) {
	t.Helper()
	if registry, repository, found := strings.Cut(aws.ToString(c.Image), ".dkr.ecr.CHANGE-ME-REGION.amazonaws.com/"); found {
		repository, _, _ = strings.Cut(repository, ":")
		if !p.allows("ecr:BatchGetImage", "arn:aws:ecr:CHANGE-ME-REGION:"+registry+":repository/"+repository) {
			t.Errorf("%s: no right to pull %s", name, aws.ToString(c.Image))
		}
	}
	l := c.LogConfiguration.Options
	if !p.allows("logs:PutLogEvents", "arn:aws:logs:"+l["awslogs-region"]+":CHANGE-ME-ACCOUNT:log-group:"+l["awslogs-group"]+":log-stream:"+l["awslogs-stream-prefix"]+"/runner/0") {
		t.Errorf("%s: no right to log to %s", name, l["awslogs-group"])
	}
	for _, s := range c.Secrets {
		arn := aws.ToString(s.ValueFrom)
		action := "ssm:GetParameters"
		if parts := strings.Split(arn, ":"); parts[2] == "secretsmanager" {
			// What follows the secret's own ARN picks a part of its value: a key, a stage, a version.
			action, arn = "secretsmanager:GetSecretValue", strings.Join(parts[:7], ":")
		}
		if !p.allows(action, arn) {
			t.Errorf("%s: no right to %s on %s", name, action, arn)
		}
	}
}
