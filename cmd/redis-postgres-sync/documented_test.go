package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	namedTests    = regexp.MustCompile("((?:`Test[A-Za-z]+`(?:, )?)+) \\(`([a-z/-]+)`\\)")
	namedTest     = regexp.MustCompile("`(Test[A-Za-z]+)`")
	declaredTests = regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9_]+)\(`)
)

// TestPromises: each test that the README, docs/promises.md and docs/guarantees.md name exists, in the package that they name.
func TestPromises(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"../../README.md", "../../docs/promises.md", "../../docs/guarantees.md"} {
		checkNamedTests(t, page)
	}
}

func checkNamedTests(t *testing.T, name string) {
	t.Helper()
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, group := range namedTests.FindAllStringSubmatch(string(page), -1) {
		declared := testsOf(t, group[2])
		for _, test := range namedTest.FindAllStringSubmatch(group[1], -1) {
			found++
			if !declared[test[1]] {
				t.Errorf("%s: there is no %s in %s", name, test[1], group[2])
			}
		}
	}
	// One by itself, without its package, would not be checked, but for this one, which some pages name.
	if all := len(namedTest.FindAllString(string(page), -1)) - strings.Count(string(page), "`TestPromises`"); found != all {
		t.Errorf("%s: %d tests are named, %d of them with their package", name, all, found)
	}
}

func testsOf(t *testing.T, pkg string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("../..", pkg, "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("package %s has no tests, %v", pkg, err)
	}
	declared := make(map[string]bool)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range declaredTests.FindAllStringSubmatch(string(text), -1) {
			declared[strings.TrimSpace(name[1])] = true
		}
	}
	return declared
}
