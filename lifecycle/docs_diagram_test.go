package lifecycle

import (
	"fmt"
	"slices"
	"strings"
)

// diagram draws every way from one phase to another that the walk has found.
func diagram() string {
	events := map[[2]Phase][]string{}
	for w := range everything().ways {
		ends, name := [2]Phase{w.from, w.to}, label(w.event)
		if !w.overtaken() && !slices.Contains(events[ends], name) {
			events[ends] = append(events[ends], name)
		}
	}
	var drawn strings.Builder
	fmt.Fprint(&drawn, "```mermaid\nstateDiagram-v2\n    [*] --> booting\n")
	for _, from := range Phases() {
		for _, to := range Phases() {
			if names := events[[2]Phase{from, to}]; len(names) > 0 {
				slices.Sort(names)
				fmt.Fprintf(&drawn, "    %s --> %s : %s\n", from, to, strings.Join(names, ", "))
			}
		}
	}
	fmt.Fprint(&drawn, "    exited --> [*]\n```\n")
	return drawn.String()
}

// label is what stands at an arrow: a timer by its own name, any other event without its variant.
func label(e Event) string {
	if e, ok := e.(Expired); ok {
		return timerNames[e.Timer]
	}
	return bare(e)
}

// overtaken says that a Launch fails after something else has happened. The machine bears it, but the loop lets a
// failure come first, so it would only clutter the drawing.
func (w way) overtaken() bool {
	_, failed := w.event.(Failed)
	return failed && w.from > Starting
}
