package platform

import (
	"log/slog"
	"strings"
)

// Short is as much of what somebody else says as a line of a log can take.
func Short(text string) string {
	const most = 300
	text = strings.TrimSpace(text)
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// Attrs makes attributes of keys and values in turn, without those that have no value.
func Attrs(pairs ...string) (made []slog.Attr) {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			made = append(made, slog.String(pairs[i], pairs[i+1]))
		}
	}
	return made
}
