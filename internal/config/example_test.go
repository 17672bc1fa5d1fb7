package config

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write .env.example and the table of the README anew")

const examplePath = "../../.env.example"

// TestExample holds .env.example against the table of settings. `go test ./internal/config -update` writes it.
func TestExample(t *testing.T) {
	t.Parallel()
	if *update {
		if err := os.WriteFile(examplePath, []byte(example()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(examplePath)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != example() {
		t.Errorf("%s is not what the settings say; hint: go test ./internal/config -update", examplePath)
	}
	defaults := load(t)
	uncommented := regexp.MustCompile(`(?m)^#([A-Z_]+=)`).ReplaceAllString(string(text), "$1")
	for name, text := range map[string]string{"as it is": string(text), "uncommented": uncommented} {
		c, notes, err := Load(nil, nil, write(t, text))
		if err != nil || len(notes) > 0 {
			t.Fatalf("%s: %v, %q", name, err, notes)
		}
		c.DatabaseURL = defaults.DatabaseURL
		if got, want := c.LogValue().String(), defaults.LogValue().String(); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

func example() string {
	var b strings.Builder
	b.WriteString("# Copy to .env and change what you need; what is commented out is the default.\n" +
		"# A flag (--batch-size) goes before the environment, the environment before this file.\n" +
		"# Put a value with $, # or blanks in single quotes. Secrets can also come from a file: DATABASE_URL_FILE=/run/secrets/url\n")
	for _, s := range settings {
		fmt.Fprintf(&b, "\n# %s\n", s.usage())
		switch {
		case s.Required:
			fmt.Fprintf(&b, "%s=postgres://postgres:password@127.0.0.1:5432/postgres\n", s.Name)
		default:
			fmt.Fprintf(&b, "#%s=%s\n", s.Name, s.Default)
		}
	}
	return b.String()
}
