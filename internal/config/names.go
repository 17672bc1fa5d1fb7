package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// injected matches the names of what Kubernetes sets for every service in a namespace, whatever it is called.
var injected = regexp.MustCompile(`_SERVICE_|_PORT`)

// injectedAddress is what Kubernetes sets <SERVICE>_PORT to.
// https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
var injectedAddress = regexp.MustCompile(`^(tcp|udp|sctp)://[0-9A-Fa-f.:\[\]]+:[0-9]+$`)

// dropInjected takes out what Kubernetes sets under a name of ours: a service called http gives HTTP_PORT.
func (f source) dropInjected() (notes []string) {
	for _, s := range settings {
		value := f.values[s.Name]
		service, isPort := strings.CutSuffix(s.Name, "_PORT")
		if isPort && injectedAddress.MatchString(value) {
			delete(f.values, s.Name)
			notes = append(notes, fmt.Sprintf("%s=%q in %s is ignored: Kubernetes sets it for a service called %s",
				s.Name, value, f.name, strings.ToLower(service)))
		}
	}
	return notes
}

// foreign are names of others that come close to ours.
var foreign = []string{
	"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "TERM", "HOME", "PATH", "USER", "SHELL", "LANG", "TZ", "TMPDIR", "PWD",
}

// names returns every variable that has a meaning.
func names() (all []string) {
	for _, s := range settings {
		all = append(all, s.Name)
		if s.Secret {
			all = append(all, s.Name+fileSuffix)
		}
	}
	return all
}

// unknown complains about every name in a file that is ours alone.
func unknown(file source) (problems []error) {
	known := names()
	for _, name := range slices.Sorted(maps.Keys(file.values)) {
		if !slices.Contains(known, name) && !slices.Contains(later, name) {
			problems = append(problems, notASetting(name, file.name, closest(name, known)))
		}
	}
	return problems
}

// misspelled complains about names in the environment that look like ours. All others belong to somebody else.
func misspelled(env source) (problems []error) {
	known := names()
	for _, name := range slices.Sorted(maps.Keys(env.values)) {
		if slices.Contains(known, name) || slices.Contains(foreign, name) || injected.MatchString(name) {
			continue
		}
		if meant := closest(name, known); meant != "" {
			problems = append(problems, notASetting(name, env.name, meant))
		}
	}
	return problems
}

func notASetting(name, from, meant string) error {
	if meant == "" {
		return fmt.Errorf("%s in %s is not a setting: want one of %s", name, from, strings.Join(names(), ", "))
	}
	return fmt.Errorf("%s in %s is not a setting: did you mean %s?", name, from, meant)
}

// closest returns the known name within two letters of name, or one letter if the known name is short; or nothing.
func closest(name string, known []string) string {
	best, least := "", 3
	for _, k := range known {
		if d := distance(name, k); d < least && d <= len(k)/3 {
			best, least = k, d
		}
	}
	return best
}

// distance is Levenshtein's: the insertions, deletions and replacements that make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
