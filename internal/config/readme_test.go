package config

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

const readme = "../../README.md"

// TestReadme holds the README's table of settings against the code. -update writes it.
func TestReadme(t *testing.T) {
	const head = "| variable | default | what it is |\n|---|---|---|\n"
	page, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	before, after, found := strings.Cut(string(page), head)
	if !found {
		t.Fatal("the README has no table of settings")
	}
	rows, rest, _ := strings.Cut(after, "\n\n")
	if strings.HasPrefix(after, "\n") {
		rows, rest = "", after[1:]
	}
	want := strings.TrimSuffix(settingRows(), "\n")
	if *update {
		if err := os.WriteFile(readme, []byte(before+head+want+"\n\n"+rest), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if rows != want {
		t.Errorf("the README says\n%s\n\nthe code\n%s", rows, want)
	}
}

func settingRows() string {
	var b strings.Builder
	for _, s := range Settings() {
		value := "`" + s.Default + "`"
		switch {
		case s.Required:
			value = "required"
		case s.Derived != "":
			value = s.Derived
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", s.Name, value, s.Description)
	}
	return b.String()
}
