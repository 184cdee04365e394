package metrics

import (
	"fmt"
	"strings"
	"testing"

	"github.com/runner-init/runner-init/internal/page"
)

//go:generate go test -run TestDocs . -update

// TestDocs holds docs/metrics.md to the table that it is written from.
func TestDocs(t *testing.T) { page.Generated(t, "../../docs/metrics.md", []byte(metricsPage())) }

func metricsPage() string {
	var page strings.Builder
	fmt.Fprint(&page, `# Metrics

<!-- Generated from package internal/metrics by `+"`go generate ./internal/metrics`"+`. Do not edit. -->

With `+"`RUNNER_HTTP_ADDR`"+` set, `+"`/metrics`"+` answers in Prometheus' text format. Without it nothing is counted. The numbers are those
of one supervisor: they begin at 0 with the container, and a runner that takes one job ends with it, so scrape often, or look
at GitHub's own figures for what jobs did.

| metric | type | labels | meaning |
|---|---|---|---|
`)
	for _, f := range Families() {
		labels := "–"
		if len(f.Labels) > 0 {
			labels = "`" + strings.Join(f.Labels, "` `") + "`"
		}
		fmt.Fprintf(&page, "| `%s` | %s | %s | %s |\n", f.Name, f.Type, labels, f.Help)
	}
	fmt.Fprintf(&page, `
- Phases are those of [the life of a runner](lifecycle.md), and %s: a failure that is held back before we end.
- States of the protection, which is that of an ECS task or a pod, are `+"`off`: nobody is asked; `none`: there is no job; `asked`: not granted, or not again; `held`; `refused`; `released`: being given up; `stale`: it could not be, and lasts until it expires"+`.
- Results are %s; the last one stands for all others.
- Routes have placeholders in place of names and numbers, as GitHub's documentation has them. No value is a secret.
- The buckets of a job's duration end at %s seconds.
`, "`holding`", "`"+strings.Join(results, "`, `")+"`", strings.ReplaceAll(strings.Trim(fmt.Sprint(bounds), "[]"), " ", ", "))
	return page.String()
}
