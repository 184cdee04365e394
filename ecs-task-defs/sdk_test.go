package taskdefs_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
)

// endpoint is ECS's, on loopback: it keeps what the SDK sends.
type endpoint struct {
	*ecs.Client
	action string
	sent   []byte
}

func newEndpoint(t *testing.T) *endpoint {
	t.Helper()
	e := &endpoint{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, e.action, _ = strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		e.sent, _ = io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		io.WriteString(w, "{}")
	}))
	t.Cleanup(server.Close)
	e.Client = ecs.New(ecs.Options{
		BaseEndpoint: aws.String(server.URL), Region: "eu-west-1", RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "nobody", SecretAccessKey: "not-a-real-key"}, nil
		}),
	})
	return e
}

// TestRegistered really calls ECS's API, as aws-cli does with --cli-input-json, and compares what arrives with the file.
func TestRegistered(t *testing.T) {
	for _, path := range files(t, "*.json") {
		t.Run(path, func(t *testing.T) {
			e, in := newEndpoint(t), decode[ecs.RegisterTaskDefinitionInput](t, path)
			_, err := e.RegisterTaskDefinition(t.Context(), in)
			e.expect(t, path, "RegisterTaskDefinition", err)
		})
	}
	for _, path := range files(t, "run-task/*.json") {
		t.Run(path, func(t *testing.T) {
			e, in := newEndpoint(t), decode[ecs.RunTaskInput](t, path)
			_, err := e.RunTask(t.Context(), in)
			e.expect(t, path, "RunTask", err)
		})
	}
	for _, path := range files(t, "service/*.json") {
		t.Run(path, func(t *testing.T) {
			e, in := newEndpoint(t), decode[ecs.CreateServiceInput](t, path)
			_, err := e.CreateService(t.Context(), in)
			e.expect(t, path, "CreateService", err)
		})
	}
}

// expect compares the call that arrived with the file: encoding/json accepts a name in the wrong case, and ECS does not.
func (e *endpoint) expect(t *testing.T, path, action string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("the SDK refuses it: %v", err)
	}
	if e.action != action {
		t.Errorf("the SDK called %q, want %q", e.action, action)
	}
	sent := tree(t, e.sent).(map[string]any)
	delete(sent, "clientToken") // the SDK's own, random
	if want := tree(t, contents(t, path)); !reflect.DeepEqual(any(sent), want) {
		t.Errorf("the file is not what ECS gets of it:\ngot  %v\nwant %v", sent, want)
	}
}

// decode reads a file into the SDK's input of a call. Unknown names are refused, and values that an enumeration does not
// have.
func decode[T any](t *testing.T, path string) *T {
	t.Helper()
	in := new(T)
	d := json.NewDecoder(strings.NewReader(string(contents(t, path))))
	d.DisallowUnknownFields()
	if err := d.Decode(in); err != nil {
		t.Fatalf("cannot read %s: %v", path, err)
	}
	checkTwice(t, path)
	checkEnums(t, path, reflect.ValueOf(in))
	return in
}

// checkTwice refuses a name that stands twice in one object: the first one would be overlooked.
func checkTwice(t *testing.T, path string) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(contents(t, path))))
	var value func()
	value = func() {
		token, _ := d.Token()
		switch token {
		case json.Delim('{'):
			for seen := map[json.Token]bool{}; d.More(); value() {
				name, _ := d.Token()
				if seen[name] {
					t.Errorf("%s: %v twice", path, name)
				}
				seen[name] = true
			}
			d.Token()
		case json.Delim('['):
			for d.More() {
				value()
			}
			d.Token()
		}
	}
	value()
}

// checkEnums looks at every value whose type knows all of its values, as the SDK's enumerations do. The SDK itself sends
// whatever it is given.
func checkEnums(t *testing.T, where string, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			checkEnums(t, where, v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			checkEnums(t, where, v.Index(i))
		}
	case reflect.Map:
		for key, element := range v.Seq2() {
			checkEnums(t, where+"."+key.String(), element)
		}
	case reflect.Struct:
		for field, value := range v.Fields() {
			if field.IsExported() {
				checkEnums(t, where+"."+field.Name, value)
			}
		}
	case reflect.String:
		if values := v.MethodByName("Values"); values.IsValid() && v.String() != "" && !holds(values.Call(nil)[0], v) {
			t.Errorf("%s: %q is none of %v", where, v, values.Call(nil)[0])
		}
	}
}

func holds(values, v reflect.Value) bool {
	for i := range values.Len() {
		if values.Index(i).String() == v.String() {
			return true
		}
	}
	return false
}

// files are those that match, at least one.
func files(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files %s here: %v", pattern, err)
	}
	slices.Sort(paths)
	return paths
}

func contents(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func tree(t *testing.T, text []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}
