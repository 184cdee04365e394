package reference

import "strings"

const (
	lower   = "abcdefghijklmnopqrstuvwxyz"
	upper   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	decimal = "0123456789"
)

// of reports whether a text is not empty and consists of the characters of a set.
func of(text, set string) bool { return text != "" && strings.Trim(text, set) == "" }

// consists reports whether a text has letters, digits and the characters of a set only.
func consists(text, set string) bool { return of(text, lower+upper+decimal+set) }

// isPartition accepts aws and what is called after it: aws-cn, aws-us-gov, those that are to come.
func isPartition(text string) bool {
	rest, ok := strings.CutPrefix(text, "aws")
	return ok && (rest == "" || rest[0] == '-' && of(rest[1:], lower+"-"))
}

// IsRegion reports whether a text can be a region: words and a number, joined by dashes, as in us-gov-west-1. The region
// becomes a part of a host's name, so nothing else gets through.
func IsRegion(text string) bool {
	parts := strings.Split(text, "-")
	for _, word := range parts[:len(parts)-1] {
		if !of(word, lower) {
			return false
		}
	}
	return len(parts) >= 3 && len(text) <= 32 && of(parts[len(parts)-1], decimal)
}

func isAccount(text string) bool { return len(text) == 12 && of(text, decimal) }

// isVersion accepts the numbers that the Parameter Store gives to versions, from 1 on.
func isVersion(text string) bool { return of(text, decimal) && text[0] != '0' && len(text) <= 19 }

// isLabel accepts what the Parameter Store allows as a label of a version.
func isLabel(text string) bool {
	return consists(text, "_.-") && !strings.ContainsRune(decimal, rune(text[0])) && len(text) <= 100
}
