package taskdefs_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// unmarked names the values of a file that only its reader can know and that have no mark, by where they stand: nobody sees a
// subnet's id, a region or a repository in a word as such.
func unmarked(v any) (found []string) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			found = append(found, unmarked(e)...)
		}
	case map[string]any:
		if want := ownVariables[fmt.Sprint(v["name"])]; want != "" && v["value"] != want {
			found = append(found, fmt.Sprintf("%v: %v", v["name"], v["value"]))
		}
		for key, e := range v {
			for _, text := range texts(e) {
				if !marked(key, text) {
					found = append(found, key+": "+text)
				}
			}
			found = append(found, unmarked(e)...)
		}
	}
	return found
}

var ownVariables = map[string]string{
	"RUNNER_REPO": "CHANGE-ME-REPOSITORY", "RUNNER_ORG": "CHANGE-ME-ORGANIZATION", "RUNNER_ENTERPRISE": "CHANGE-ME-ENTERPRISE",
}

// marked reports whether a text may stand where it does, at or below a key.
func marked(key, text string) bool {
	switch key {
	case "subnets":
		return text == "CHANGE-ME-SUBNET"
	case "securityGroups":
		return text == "CHANGE-ME-SECURITY-GROUP"
	case "capacityProvider":
		return slices.Contains([]string{"FARGATE", "FARGATE_SPOT", "CHANGE-ME-CAPACITY-PROVIDER"}, text)
	case "awslogs-region":
		return text == "CHANGE-ME-REGION"
	case "aws:SourceAccount":
		return text == "CHANGE-ME-ACCOUNT"
	case "image":
		return strings.HasPrefix(text, "CHANGE-ME-ACCOUNT.dkr.ecr.CHANGE-ME-REGION.amazonaws.com/")
	}
	arn := strings.SplitN(text, ":", 6) // arn:partition:service:region:account:resource
	if arn[0] != "arn" {
		return true
	}
	if len(arn) < 6 || arn[4] != "CHANGE-ME-ACCOUNT" || arn[3] != "CHANGE-ME-REGION" && (arn[2] != "iam" || arn[3] != "") {
		return false
	}
	return arn[2] != "secretsmanager" || strings.HasSuffix(arn[5], "-??????") || strings.Contains(arn[5], "-CHANGE-ME-SUFFIX:")
}

// Whichever of all marks somebody writes over, whatever with, is noticed.
func TestMarks(t *testing.T) {
	for _, path := range everything(t) {
		text := string(contents(t, path))
		if found := unmarked(tree(t, []byte(text))); len(found) > 0 {
			t.Errorf("%s: the reader's own, and not marked CHANGE-ME-…: %q", path, found)
		}
		for _, at := range mark.FindAllStringIndex(text, -1) {
			for _, value := range []string{"", "default", edits[text[at[0]:at[1]]]} {
				if found := unmarked(tree(t, []byte(text[:at[0]]+value+text[at[1]:]))); len(found) == 0 {
					t.Errorf("%s: %s at byte %d may be %q, and nobody notices", path, text[at[0]:at[1]], at[0], value)
				}
			}
		}
	}
}
