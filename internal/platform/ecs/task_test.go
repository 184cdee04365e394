package ecs_test

import (
	"slices"
	"strings"
	"testing"

	sim "github.com/runner-init/runner-init/internal/sim/ecs"
)

func TestFacts(t *testing.T) {
	onFargate := sim.FargateTask()
	onEC2 := sim.Task{Cluster: "default", TaskARN: "arn:aws-cn:ecs:cn-north-1:123456789012:task/6FA45DE2-4D27-4b1c-8c61-73bbb2fe95b8", Family: "curltest"}
	for name, c := range map[string]struct {
		task           sim.Task
		id, region     string
		labels, logged string
	}{
		"on Fargate": {onFargate, onFargate.ID(), "eu-central-1", "ecs,fargate,eu-central-1,eu-central-1a,github-runner",
			"cluster=runners task=" + onFargate.ID() + " family=github-runner:7 service=runners launch=FARGATE region=eu-central-1 zone=eu-central-1a"},
		"on EC2, of an old agent": {onEC2, "6fa45de24d274b1c8c6173bbb2fe95b8", "cn-north-1", "ecs,cn-north-1,curltest",
			"cluster=default task=6FA45DE2-4D27-4b1c-8c61-73bbb2fe95b8 family=curltest region=cn-north-1"},
	} {
		_, ours := serve(t, c.task)
		got, err := ours.Facts(t.Context())
		if err != nil || got.Name != "ECS" || got.ID != c.id || got.Region != c.region || strings.Join(got.Labels, ",") != c.labels {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
		var logged []string
		for _, a := range slices.Concat(got.Attrs, got.Details) {
			logged = append(logged, a.String())
		}
		if strings.Join(logged, " ") != c.logged {
			t.Errorf("%s: logged %q", name, logged)
		}
	}
}

func TestNoFacts(t *testing.T) {
	for _, arn := range []string{"", "task/1", "arn:aws:ecs:eu-central-1:123456789012:cluster/runners", "arn:aws:ec2:eu-central-1:123456789012:task/1"} {
		_, ours := serve(t, sim.Task{TaskARN: arn})
		if got, err := ours.Facts(t.Context()); err == nil {
			t.Errorf("%q: got %+v", arn, got)
		}
	}
	agent, ours := serve(t, sim.FargateTask())
	answers := sim.Answers()
	answers["a task, status 500"] = sim.Answer{Status: 500, Body: `{"TaskARN":"arn:aws:ecs:eu-central-1:123456789012:task/runners/1"}`}
	for name, answer := range answers {
		if answer.Hang {
			continue
		}
		agent.Answer("/task", answer)
		if got, err := ours.Facts(t.Context()); err == nil {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}
