package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/runner-init/runner-init/internal/doctor"
	"github.com/runner-init/runner-init/lifecycle"
	"github.com/runner-init/runner-init/registration"
)

// updatePeriod is how long after a release GitHub still gives jobs to the runners before it that do not update
// themselves; then their listener ends with the code that is ours, too.
// https://docs.github.com/actions/reference/runners/self-hosted-runners#runner-software-updates-on-self-hosted-runners
const updatePeriod = 30 * 24 * time.Hour

// checkRelease compares the runner with the newest one. A GitHub Enterprise Server decides by its own version.
func (p *patient) checkRelease(ctx context.Context) []doctor.Finding {
	if strings.HasSuffix(p.config.APIURL, "/api/v3") {
		return one(doctor.Skip, "%s decides by its own version which runners it takes", p.config.ServerURL)
	}
	newest, err := p.client.LatestRunner(ctx)
	if e, ok := errors.AsType[*registration.Error](err); ok && e.Reason == registration.NotFound {
		return one(doctor.Skip, "%s names none; they are at https://github.com/actions/runner/releases", p.config.APIURL)
	}
	if err != nil {
		return one(doctor.Warn, "%v", err)
	}
	next := newest
	if older(p.version, newest.Version) && p.config.DisableUpdate {
		next = p.successor(ctx, newest)
	}
	return compareRelease(p.version, newest, next, time.Now().Add(p.reached.Ahead), !p.config.DisableUpdate)
}

// successor is the first release after our version: its day counts, and not the newest one's. GitHub has no list of what
// came after what, but versions go up one by one, so it is asked for the two that may follow; where there is neither, the
// newest is known to.
func (p *patient) successor(ctx context.Context, newest registration.Release) registration.Release {
	first := newest
	for _, version := range following(p.version) {
		found, err := p.client.RunnerRelease(ctx, version)
		if err == nil && found.Published.Before(first.Published) {
			first = found
		}
	}
	return first
}

// following are the versions that may come right after one.
func following(version string) []string {
	n := numbers(version)
	if len(n) != 3 {
		return nil
	}
	return []string{fmt.Sprintf("%d.%d.%d", n[0], n[1], n[2]+1), fmt.Sprintf("%d.%d.0", n[0], n[1]+1)}
}

// compareRelease judges our version by the newest and by the first that came after it.
func compareRelease(own string, newest, next registration.Release, now time.Time, updates bool) []doctor.Finding {
	hint := "build the image with runner " + newest.Version
	age := now.Sub(next.Published)
	switch {
	case !older(own, newest.Version):
		return one(doctor.OK, "%s is the newest", own)
	case updates:
		return one(doctor.OK, "%s; the runner updates itself to %s", own, newest.Version)
	case age > updatePeriod:
		return []doctor.Finding{{
			Status: doctor.Fail, Hint: hint, Code: int(lifecycle.OutdatedRunner),
			Text: fmt.Sprintf("%s is outdated: %s was released %s ago, and after 30 days GitHub gives no jobs to those before", own, next.Version, span(age)),
		}}
	}
	return hinted(one(doctor.Warn, "%s is not the newest: %s was released %s ago; GitHub gives jobs to %s for %s more",
		own, next.Version, span(age), own, span(updatePeriod-age)), hint)
}

// older compares versions number by number.
func older(a, b string) bool {
	return slices.Compare(numbers(a), numbers(b)) < 0
}

func numbers(version string) (n []int) {
	for part := range strings.SplitSeq(version, ".") {
		value := 0
		_, _ = fmt.Sscanf(part, "%d", &value)
		n = append(n, value)
	}
	return n
}
