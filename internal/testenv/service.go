package testenv

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const servicePackage = "github.com/redis-postgres-sync/redis-postgres-sync/cmd/redis-postgres-sync"

// BuildService builds the service into dir, with these flags of go build, and returns the binary's path.
//
// It is for a test or a benchmark, and not for TestMain: go test takes a result from its cache while the files that the
// tests have looked at stand as they stood, and what TestMain looks at before it runs them is not counted.
func BuildService(dir string, flags ...string) (binary string, err error) {
	if err := lookAtSources(flags); err != nil {
		return "", err
	}
	binary = filepath.Join(dir, "redis-postgres-sync")
	_, err = runGo("build", flags, "-o", binary, servicePackage)
	return binary, err
}

// lookAtSources looks at each file of this module that the service is built of, and at the directories, in which one may
// come to be. Only what the test's own process looks at counts as its input, and go build is another.
func lookAtSources(flags []string) error {
	const perPackage = `{{with .Module}}{{if .Main}}{{.GoMod}}
{{$.Dir}}
{{range $.GoFiles}}{{$.Dir}}/{{.}}
{{end}}{{range $.EmbedFiles}}{{$.Dir}}/{{.}}
{{end}}{{end}}{{end}}`
	list, err := runGo("list", flags, "-deps", "-f", perPackage, servicePackage)
	if err != nil {
		return err
	}
	for path := range strings.Lines(list) {
		if path = strings.TrimSpace(path); path == "" {
			continue
		}
		if _, err := os.Stat(path); err != nil {
			return err
		}
	}
	return nil
}

// runGo runs a command of go and returns what it prints.
func runGo(command string, flags []string, arguments ...string) (string, error) {
	out, err := exec.Command("go", append(append([]string{command}, flags...), arguments...)...).Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		err = fmt.Errorf("%w\n%s", err, exit.Stderr)
	}
	if err != nil {
		return "", fmt.Errorf("go %s %s: %w", command, servicePackage, err)
	}
	return string(out), nil
}
