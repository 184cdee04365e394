package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"

	"github.com/runner-init/runner-init/internal/reference"
)

// regionTime bounds each of the questions where we are.
const regionTime = 2 * time.Second

// region is our own region where AWS's variables and files name none: that of the ECS task, else of the EC2 instance. It
// is only asked for if a reference depends on it; else any region does that has a reference.
func (r *resolver) region(ctx context.Context, o Options) string {
	var bare []int
	named := ""
	for i, ref := range r.refs {
		if ref.Region == "" {
			bare = append(bare, i)
		} else if named == "" {
			named = ref.Region
		}
	}
	if len(bare) == 0 {
		return named
	}
	region, ecsErr := taskRegion(ctx, o)
	if ecsErr == nil {
		return region
	}
	region, ec2Err := r.instanceRegion(ctx)
	if ec2Err == nil {
		return region
	}
	r.fail(bare, wrong("set AWS_REGION, or write the reference as an ARN", "its region is not known: %s; %s", plain(ecsErr.Error()), plain(ec2Err.Error())))
	return named
}

// taskRegion is that of the ECS task. Fargate sets AWS_REGION, the agent on EC2 does since version 1.104 only.
func taskRegion(ctx context.Context, o Options) (string, error) {
	if o.TaskRegion == nil {
		return "", errors.New("this is no ECS task")
	}
	ctx, cancel := context.WithTimeout(ctx, regionTime)
	defer cancel()
	region, err := o.TaskRegion(ctx)
	if err == nil && !reference.IsRegion(region) {
		err = errors.New("the ECS agent names no region in the ARN of the task")
	}
	return region, err
}

// instanceRegion is the region of the EC2 instance, by its metadata service in version 2.
func (r *resolver) instanceRegion(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, regionTime)
	defer cancel()
	out, err := imds.NewFromConfig(r.config).GetRegion(ctx, nil)
	switch {
	case err != nil:
		return "", fmt.Errorf("the metadata service of EC2 does not tell: %w", err)
	case !reference.IsRegion(out.Region):
		return "", fmt.Errorf("the metadata service of EC2 names no region")
	}
	return out.Region, nil
}
