// Package doctor examines: it carries out checks one after the other, leaves out those that need one that failed, bounds
// the time of each and of all, and puts what was found into words or JSON.
//
// It refuses to know what is checked: a check is a function of the caller's. It prints nothing by itself.
package doctor

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Status is how a check came out.
type Status string

// The statuses. Skip is a check that could not be made, or has no object; its text says why.
const (
	OK   Status = "ok"
	Warn Status = "warn"
	Fail Status = "fail"
	Skip Status = "skip"
)

// Finding is one line of the outcome. A check has one as a rule, and several where there is more to say.
type Finding struct {
	Name   string `json:"name"` // of the check; Exam fills it in
	Status Status `json:"status"`
	Text   string `json:"text"`
	Hint   string `json:"hint,omitempty"`
	// Code is the exit code that what failed leads to.
	Code int `json:"-"`
}

// Check is one thing to look at. Its Run returns soon after its context has ended.
type Check struct {
	Name  string
	Needs []string // checks before it, without whose success it cannot be made
	Run   func(context.Context) []Finding
}

// Exam is a series of checks, in the order in which what they look at would fail.
type Exam struct {
	Checks []Check
	Step   time.Duration // for one check
	All    time.Duration // for all of them
	// Tell is called with each finding as it is made.
	Tell func(Finding)
	// Unfinished is the exit code of an exam that found nothing wrong, but did not come to its end.
	Unfinished int
}

// Run makes the checks and returns the exit code of the first that failed, 0 if none did.
func (e Exam) Run(ctx context.Context) (code int) {
	ctx, cancel := context.WithTimeoutCause(ctx, e.All, fmt.Errorf("%v were over", e.All))
	defer cancel()
	var without []string // success
	for _, c := range e.Checks {
		findings := e.examine(ctx, c, without)
		if slices.ContainsFunc(findings, Finding.unsuccessful) {
			without = append(without, c.Name)
		}
		for _, f := range findings {
			f.Name = c.Name
			if code == 0 && f.Status == Fail {
				code = f.Code
			}
			e.Tell(f)
		}
	}
	if code == 0 && ctx.Err() != nil {
		return e.Unfinished
	}
	return code
}

func (f Finding) unsuccessful() bool { return f.Status == Fail || f.Status == Skip }

// examine makes one check, if it can be made.
func (e Exam) examine(ctx context.Context, c Check, without []string) []Finding {
	for _, need := range c.Needs {
		if slices.Contains(without, need) {
			return []Finding{{Status: Skip, Text: "cannot be checked without: " + need}}
		}
	}
	if ctx.Err() != nil {
		return []Finding{{Status: Skip, Text: fmt.Sprintf("not checked: %v", context.Cause(ctx))}}
	}
	return e.bounded(ctx, c)
}

// leeway is what a check may take after its time is up, until it is given up: a file system may hang, and no context
// ends that.
const leeway = 2 * time.Second

// bounded makes one check and does not wait for ever.
func (e Exam) bounded(ctx context.Context, c Check) []Finding {
	step, cancel := context.WithTimeoutCause(ctx, e.Step, fmt.Errorf("%v were over", e.Step))
	defer cancel()
	made := make(chan []Finding, 1)
	go func() { made <- c.Run(step) }()
	select {
	case findings := <-made:
		return findings
	case <-step.Done():
	}
	late := time.NewTimer(leeway)
	defer late.Stop()
	select {
	case findings := <-made:
		return findings
	case <-late.C:
		return []Finding{{Status: Fail, Text: fmt.Sprintf("it did not come to an end: %v", context.Cause(step)), Code: e.Unfinished}}
	}
}
