package deploy_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// stage is one image that the Dockerfile builds; the first, without a name, holds what stands before the first FROM.
type stage struct {
	name  string
	base  string
	steps []step
}

// step is one instruction: keyword, flags without their dashes, and the rest as it stands.
type step struct {
	keyword string
	flags   map[string]string
	rest    string
}

// https://docs.docker.com/reference/dockerfile/
var (
	continued = regexp.MustCompile(`\\[ \t]*\n`)
	comment   = regexp.MustCompile(`(?m)^[ \t]*#.*\n`)
	flag      = regexp.MustCompile(`^--([a-z-]+)=(\S+)\s+`)
)

func parseDockerfile(t *testing.T) []stage {
	t.Helper()
	text := continued.ReplaceAllString(comment.ReplaceAllString(read(t, "Dockerfile"), ""), " ")
	stages := []stage{{}}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		s := parseStep(line)
		if s.keyword == "FROM" {
			words := strings.Fields(s.rest)
			next := stage{base: words[0]}
			if len(words) == 3 {
				next.name = words[2]
			}
			stages = append(stages, next)
			continue
		}
		last := &stages[len(stages)-1]
		last.steps = append(last.steps, s)
	}
	if len(stages) < 3 {
		t.Fatalf("the Dockerfile has %d stages", len(stages)-1)
	}
	return stages
}

func parseStep(line string) step {
	keyword, rest, _ := strings.Cut(line, " ")
	s := step{keyword: keyword, flags: map[string]string{}, rest: strings.TrimSpace(rest)}
	for m := flag.FindStringSubmatch(s.rest); m != nil; m = flag.FindStringSubmatch(s.rest) {
		s.flags[m[1]] = m[2]
		s.rest = s.rest[len(m[0]):]
	}
	return s
}

// all returns the steps with a keyword.
func (s stage) all(keyword string) (found []step) {
	for _, step := range s.steps {
		if step.keyword == keyword {
			found = append(found, step)
		}
	}
	return found
}

// arguments returns the names of all build arguments.
func arguments(stages []stage) (names []string) {
	for _, s := range stages {
		for _, arg := range s.all("ARG") {
			for _, word := range strings.Fields(arg.rest) {
				name, _, _ := strings.Cut(word, "=")
				names = append(names, name)
			}
		}
	}
	return names
}

// command returns the words of a step in JSON form, as it needs to be where there is no shell.
func command(t *testing.T, text string) (words []string) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &words); err != nil {
		t.Fatalf("%s is not in JSON form: %v", text, err)
	}
	return words
}

// healthcheck returns the command that says whether the container is healthy.
func healthcheck(t *testing.T, final stage) []string {
	t.Helper()
	checks := final.all("HEALTHCHECK")
	if len(checks) != 1 {
		t.Fatalf("there are %d healthchecks", len(checks))
	}
	return command(t, strings.TrimSpace(strings.TrimPrefix(checks[0].rest, "CMD")))
}

func TestDockerfile(t *testing.T) {
	t.Parallel()
	stages := parseDockerfile(t)
	build, final := stages[1], stages[len(stages)-1]

	t.Run("pins its base images", func(t *testing.T) {
		t.Parallel()
		for _, s := range stages[1:] {
			requirePinned(t, s.base)
		}
	})
	t.Run("ends as a user without rights", func(t *testing.T) {
		t.Parallel()
		users := final.all("USER")
		if len(users) == 0 || !regexp.MustCompile(`^[1-9][0-9]*(:[1-9][0-9]*)?$`).MatchString(users[len(users)-1].rest) {
			t.Errorf("users are %v: want one by number, which Kubernetes can tell from root", users)
		}
	})
	t.Run("runs the same program as service and as healthcheck", func(t *testing.T) {
		t.Parallel()
		entry := command(t, final.all("ENTRYPOINT")[0].rest)
		if got, want := healthcheck(t, final), append(entry, "healthcheck"); !slices.Equal(got, want) {
			t.Errorf("healthcheck is %q, want %q", got, want)
		}
	})
	t.Run("says where the service listens", func(t *testing.T) {
		t.Parallel()
		if got, want := final.all("EXPOSE")[0].rest, setting(t, "HTTP_PORT").Default; got != want {
			t.Errorf("exposes %s, the default is %s", got, want)
		}
	})
	t.Run("fetches modules before it sees sources", func(t *testing.T) {
		t.Parallel()
		sources := slices.IndexFunc(build.steps, func(s step) bool { return s.keyword == "COPY" && s.rest == ". ." })
		for _, fetch := range []string{"go mod download", "tool sqlc version"} {
			at := slices.IndexFunc(build.steps, func(s step) bool { return s.keyword == "RUN" && strings.HasSuffix(s.rest, fetch) })
			if at < 0 || at > sources {
				t.Errorf("%s is step %d, the sources are step %d", fetch, at, sources)
			}
		}
	})
}

// ignore is the rules of Dockerfile.dockerignore: what the build context lacks. The last that matches a path, or a
// directory above it, decides.
type ignore []ignoreRule

type ignoreRule struct {
	pattern string
	matches *regexp.Regexp
	keeps   bool
}

// https://docs.docker.com/build/concepts/context/#dockerignore-files
var wildcards = strings.NewReplacer(`\*\*/`, `(.*/)?`, `\*\*`, `.*`, `\*`, `[^/]*`, `\?`, `[^/]`)

func readIgnore(t *testing.T) (rules ignore) {
	t.Helper()
	for line := range strings.Lines(read(t, "Dockerfile.dockerignore")) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		pattern, keeps := strings.CutPrefix(line, "!")
		matches := regexp.MustCompile("^" + wildcards.Replace(regexp.QuoteMeta(pattern)) + "$")
		rules = append(rules, ignoreRule{pattern, matches, keeps})
	}
	return rules
}

func (rules ignore) ignores(name string) bool {
	ignored := false
	for _, rule := range rules {
		if rule.matchesOrAbove(name) {
			ignored = !rule.keeps
		}
	}
	return ignored
}

func (r ignoreRule) matchesOrAbove(name string) bool {
	for ; name != "."; name = path.Dir(name) {
		if r.matches.MatchString(name) {
			return true
		}
	}
	return false
}

// skips tells whether nothing in a directory can be part of the context.
func (rules ignore) skips(dir string) bool {
	return rules.ignores(dir) && !slices.ContainsFunc(rules, func(r ignoreRule) bool {
		return r.keeps && strings.HasPrefix(r.pattern, dir+"/")
	})
}

// buildContext copies what Docker would send to the builder.
func buildContext(t *testing.T) string {
	t.Helper()
	rules, to := readIgnore(t), t.TempDir()
	err := filepath.WalkDir("..", func(file string, entry fs.DirEntry, err error) error {
		name := filepath.ToSlash(strings.TrimPrefix(file, ".."+string(filepath.Separator)))
		switch {
		case err != nil || file == "..":
			return err
		case entry.IsDir() && rules.skips(name):
			return fs.SkipDir
		case entry.IsDir() || rules.ignores(name):
			return nil
		}
		return copyFile(file, filepath.Join(to, name))
	})
	if err != nil {
		t.Fatal(err)
	}
	return to
}

func copyFile(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, info.Mode().Perm())
}

func TestBuildContext(t *testing.T) {
	t.Parallel()
	rules := readIgnore(t)
	for name, want := range map[string]bool{
		"abi/Mine.json":                     true,
		"abi/names.lock":                    true,
		"cmd/redis-postgres-sync/main.go":   true,
		"codegen/templates/event.go.tmpl":   true,
		"codegen/tools/go.sum":              true,
		"docs/NOTICE.md":                    true,
		"schema/core.sql":                   true,
		"go.mod":                            true,
		".git/HEAD":                         false,
		".env":                              false,
		"abi/.env":                          false,
		"bin/redis-postgres-sync":           false,
		"deploy/.env":                       false,
		"docs/architecture.md":              false,
		"id_rsa":                            false,
		"internal/event/value_test.go":      false,
		"internal/rindexer/testdata/1.json": false,
	} {
		if got := !rules.ignores(name); got != want {
			t.Errorf("%s is part of the context: %v, want %v", name, got, want)
		}
	}
}
