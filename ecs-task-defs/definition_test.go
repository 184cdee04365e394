package taskdefs_test

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
)

// definition is the part of RegisterTaskDefinition's input that our files use.
type definition struct {
	Family                  string      `json:"family"`
	RequiresCompatibilities []string    `json:"requiresCompatibilities"`
	NetworkMode             string      `json:"networkMode"`
	CPU                     string      `json:"cpu"`
	Memory                  string      `json:"memory"`
	EphemeralStorage        storage     `json:"ephemeralStorage"`
	RuntimePlatform         platform    `json:"runtimePlatform"`
	ExecutionRoleARN        string      `json:"executionRoleArn"`
	ContainerDefinitions    []container `json:"containerDefinitions"`
}

type storage struct {
	SizeInGiB int `json:"sizeInGiB"`
}

type platform struct {
	CPUArchitecture       string `json:"cpuArchitecture"`
	OperatingSystemFamily string `json:"operatingSystemFamily"`
}

type container struct {
	Name             string     `json:"name"`
	Image            string     `json:"image"`
	Essential        bool       `json:"essential"`
	StopTimeout      int        `json:"stopTimeout"` // seconds
	Environment      []variable `json:"environment"`
	Secrets          []secret   `json:"secrets"`
	LogConfiguration logs       `json:"logConfiguration"`
}

type variable struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type secret struct {
	Name      string `json:"name"`
	ValueFrom string `json:"valueFrom"`
}

type logs struct {
	LogDriver string            `json:"logDriver"`
	Options   map[string]string `json:"options"`
}

// read decodes strictly. encoding/json would accept a name in the wrong case, which ECS does not, so what was read has to
// encode to what the file says.
func read(t *testing.T, path string) definition {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var d definition
	dec := json.NewDecoder(strings.NewReader(string(text)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		t.Fatalf("cannot read %s: %v", path, err)
	}
	again, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := tree(t, again), tree(t, text); !reflect.DeepEqual(got, want) {
		t.Errorf("%s: a name in the wrong case, or twice:\ngot  %v\nwant %v", path, got, want)
	}
	return d
}

func tree(t *testing.T, text []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// texts are all the values of d that are text, for rules that hold wherever they stand.
func texts(t *testing.T, d definition) []string {
	t.Helper()
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			found = append(found, v)
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(tree(t, text))
	return found
}
