package ecs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/runner-init/runner-init/internal/platform"
)

// Keys of log attributes.
const (
	keyCluster = "cluster" // ECS cluster
	keyFamily  = "family"  // ECS task definition, with its revision
	keyLaunch  = "launch"  // launch type of the ECS task: FARGATE, EC2, EXTERNAL
	keyRegion  = "region"  // region of the cloud
	keyService = "service" // ECS service that the task belongs to
	keyTask    = "task"    // id of the ECS task
	keyZone    = "zone"    // availability zone
)

var errNoTask = errors.New("the ECS agent names no task")

// task is what we want to know of the metadata in version 4
// (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-response.html). Agents leave out
// what they are too old to know.
type task struct {
	Cluster          string // ARN or name
	TaskARN          string
	Family, Revision string
	ServiceName      string
	LaunchType       string
	AvailabilityZone string
}

// Facts asks which task this is.
func (a *Agent) Facts(ctx context.Context) (platform.Facts, error) {
	status, answer, err := a.ask(ctx, http.MethodGet, strings.TrimSuffix(a.Metadata, "/")+"/task", "")
	if err != nil {
		return platform.Facts{}, err
	}
	var t task
	if err := json.Unmarshal(answer, &t); err != nil || status != http.StatusOK {
		return platform.Facts{}, fmt.Errorf("the ECS agent answers %d, and says %q", status, platform.Short(string(answer)))
	}
	return t.facts()
}

// Region asks in which region this task is.
func (a *Agent) Region(ctx context.Context) (string, error) {
	facts, err := a.Facts(ctx)
	return facts.Region, err
}

func (t task) facts() (platform.Facts, error) {
	arn := strings.SplitN(t.TaskARN, ":", 6) // arn:partition:ecs:region:account:task/cluster/id
	if len(arn) < 6 || arn[2] != "ecs" || !strings.HasPrefix(arn[5], "task/") {
		return platform.Facts{}, errNoTask
	}
	id, cluster, definition := last(arn[5]), last(t.Cluster), t.Family
	if t.Revision != "" {
		definition += ":" + t.Revision
	}
	return platform.Facts{
		Name:   "ECS",
		ID:     strings.ToLower(strings.ReplaceAll(id, "-", "")), // the oldest have dashes
		Region: arn[3],
		Labels: present("ecs", strings.ToLower(t.LaunchType), arn[3], t.AvailabilityZone, t.Family),
		Attrs:  platform.Attrs(keyCluster, cluster, keyTask, id),
		Details: platform.Attrs(keyFamily, definition, keyService, t.ServiceName, keyLaunch, t.LaunchType, keyRegion, arn[3],
			keyZone, t.AvailabilityZone),
	}, nil
}

// last is what follows the last slash.
func last(path string) string { return path[strings.LastIndex(path, "/")+1:] }

func present(words ...string) (there []string) {
	for _, w := range words {
		if w != "" {
			there = append(there, w)
		}
	}
	return there
}
