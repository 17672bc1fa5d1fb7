package deploy_test

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/config"
)

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// readYAML refuses keys that T does not have, so T has to name all that the file may say.
func readYAML[T any](t *testing.T, path string) T {
	t.Helper()
	decoder := yaml.NewDecoder(bytes.NewBufferString(read(t, path)))
	decoder.KnownFields(true)
	var value T
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return value
}

// setting returns the line of a setting in the table of all settings.
func setting(t *testing.T, name string) config.Setting {
	t.Helper()
	all := config.Settings()
	i := slices.IndexFunc(all, func(s config.Setting) bool { return s.Name == name })
	if i < 0 {
		t.Fatalf("there is no setting %s", name)
	}
	return all[i]
}

func shutdownTimeout(t *testing.T) time.Duration {
	t.Helper()
	millis, err := strconv.Atoi(setting(t, "SHUTDOWN_TIMEOUT_MS").Default)
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(millis) * time.Millisecond
}

// requireSettings fails for variables that are neither settings of ours nor Go's, and for values that are refused.
func requireSettings(t *testing.T, variables map[string]string) {
	t.Helper()
	known := []string{"GOMEMLIMIT", "GOTRACEBACK"}
	for _, s := range config.Settings() {
		known = append(known, s.Name)
		if s.Secret {
			known = append(known, s.Name+"_FILE")
		}
	}
	var environ []string
	for name, value := range variables {
		if !slices.Contains(known, name) {
			t.Errorf("%s is not a setting", name)
		}
		environ = append(environ, name+"="+value)
	}
	if _, notes, err := config.Load(nil, environ, ""); err != nil || len(notes) > 0 {
		t.Errorf("the service says of %q: %v %q", environ, err, notes)
	}
}

// requirePinned fails for an image without a tag, or with one that means something else tomorrow.
func requirePinned(t *testing.T, image string) {
	t.Helper()
	tag := regexp.MustCompile(`:([\w.-]+)$`).FindStringSubmatch(image)
	if tag == nil || tag[1] == "latest" {
		t.Errorf("image %s is not pinned to a version", image)
	}
}
