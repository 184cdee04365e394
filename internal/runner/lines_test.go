package runner

import (
	"slices"
	"strings"
	"testing"
)

// told collects what a listener's lines tell.
func told(write func(*lines)) []string {
	var news []string
	write(&lines{news: News{
		Ready:      func() { news = append(news, "ready") },
		JobStarted: func(job string) { news = append(news, "started "+job) },
		JobEnded:   func(job, result string) { news = append(news, "ended "+job+" "+result) },
	}})
	return news
}

const day = "2026-11-20 14:40:00Z: "

func TestLines(t *testing.T) {
	for name, test := range map[string]struct {
		output string
		want   []string
	}{
		"a whole life": {
			"\n√ Connected to GitHub\n\nCurrent runner version: '2.336.0'\n" + day + "Listening for Jobs\n" +
				day + "Running job: build\n" + day + "Job build completed with result: Succeeded\n√ Removed .runner\n",
			[]string{"ready", "started build", "ended build Succeeded"},
		},
		"a name that looks like a line": {
			day + "Running job: Job x completed with result: Failed\n" +
				day + "Job Job x completed with result: Failed completed with result: Canceled\n",
			[]string{"started Job x completed with result: Failed", "ended Job x completed with result: Failed Canceled"},
		},
		"the diagnostic twin of a line": {
			"[RUNNER 2026-11-20 14:40:00Z INFO Terminal] WRITE LINE: " + day + "Listening for Jobs\n" + day + "Listening for Jobs\n",
			[]string{"ready"},
		},
		"carriage returns":           {day + "Listening for Jobs\r\n", []string{"ready"}},
		"no line end yet":            {day + "Listening for Jobs", nil},
		"no time":                    {"Listening for Jobs\n", nil},
		"not quite a time":           {"2026-11-20 14:40:00 : Listening for Jobs\n", nil},
		"text after the ready line":  {day + "Listening for Jobs now\n", nil},
		"a line too long":            {day + "Running job: " + strings.Repeat("x", maxLine) + "\n" + day + "Listening for Jobs\n", []string{"ready"}},
		"a flood without a line end": {strings.Repeat("x", 10*maxLine) + "\n" + day + "Listening for Jobs\n", []string{"ready"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := told(func(l *lines) { l.Write([]byte(test.output)) }); !slices.Equal(got, test.want) {
				t.Errorf("in one piece: got %q, want %q", got, test.want)
			}
			got := told(func(l *lines) {
				for _, b := range []byte(test.output) {
					l.Write([]byte{b})
				}
			})
			if !slices.Equal(got, test.want) {
				t.Errorf("byte by byte: got %q, want %q", got, test.want)
			}
		})
	}
}

func TestLinesBoundMemory(t *testing.T) {
	l := &lines{}
	for range 1000 {
		l.Write([]byte(strings.Repeat("x", 1000)))
	}
	if cap(l.held) > 2*maxLine {
		t.Errorf("a flood without a line end is held in %d bytes", cap(l.held))
	}
}

func FuzzLines(f *testing.F) {
	f.Add([]byte(day+"Listening for Jobs\n"), 3)
	f.Add([]byte(day+"Job  completed with result: \n"), 1)
	f.Fuzz(func(t *testing.T, output []byte, cut int) {
		whole := told(func(l *lines) { l.Write(output) })
		cut = min(max(cut, 0), len(output))
		parts := told(func(l *lines) { l.Write(output[:cut]); l.Write(output[cut:]) })
		if !slices.Equal(whole, parts) {
			t.Errorf("in one piece %q, in two %q", whole, parts)
		}
	})
}
