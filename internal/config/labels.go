package config

import (
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	// maxLabel is the length in characters of the longest label. The runner drops all labels without a word when one
	// of them is longer (actions/runner, LabelsValidator).
	maxLabel = 256
	// maxLabels is how many labels generate-jitconfig takes (GitHub's OpenAPI description).
	maxLabels = 100
	// defaultLabels is how many labels every runner has: self-hosted, the system, the architecture.
	defaultLabels = 3
)

// completeLabels brings the labels into the form in which they are sent, and checks them.
func (r *reading) completeLabels(c *Config) {
	c.Labels = MergeLabels(c.Labels)
	for i, l := range c.Labels {
		if n := utf8.RuneCountInString(l); n > maxLabel {
			r.refuse("RUNNER_LABELS", refuse("labels are separated by commas", "label number %d has %d characters, and the runner takes %d", i+1, n, maxLabel))
		}
	}
	total := len(c.Labels)
	if !c.NoDefaultLabels {
		total += defaultLabels
	}
	switch {
	case total > maxLabels:
		r.refuse("RUNNER_LABELS", refuse("give the runner fewer labels", "%d labels, the default ones among them, and GitHub takes %d", total, maxLabels))
	case total == 0 && !r.bad["RUNNER_LABELS"] && c.JITConfig.Empty():
		r.refuse("RUNNER_NO_DEFAULT_LABELS", refuse("set RUNNER_LABELS, or keep the default labels", "no label would be left, and GitHub wants one"))
	}
}

// MergeLabels joins lists of labels: order kept, empty ones dropped, duplicates dropped whatever their case, because
// GitHub compares labels so.
func MergeLabels(lists ...[]string) []string {
	var merged []string
	for _, l := range slices.Concat(lists...) {
		l = strings.TrimSpace(l)
		known := slices.ContainsFunc(merged, func(m string) bool { return strings.EqualFold(m, l) })
		if l != "" && !known {
			merged = append(merged, l)
		}
	}
	return merged
}
