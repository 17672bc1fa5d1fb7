// Package preflight looks at what the service depends on before it runs: Redis and its streams, PostgreSQL and what the
// role may do there, and the rindexer.yaml of the producer. It does not compare schemas, which is what package migrate
// does, and reads no configuration.
//
// Its invariant: nothing that is looked at is changed, whatever is wrong is a finding and no error, and no finding
// holds a password.
package preflight

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Verdict says what a finding means for the service.
type Verdict string

const (
	OK      Verdict = "ok"
	Warning Verdict = "warning" // it runs, and something may be late, missing or lost
	Failure Verdict = "failure" // it does not run, or loses events for certain
)

// Finding is the outcome of one check.
type Finding struct {
	Area    string  `json:"area"` // redis, postgres, rindexer, …
	Subject string  `json:"subject"`
	Verdict Verdict `json:"verdict"`
	Detail  string  `json:"detail"`
	Hint    string  `json:"hint,omitempty"` // what to do about it; empty where nothing is to be done
}

// Worst returns the worst verdict among findings; OK for none.
func Worst(findings []Finding) Verdict {
	worst := OK
	for _, f := range findings {
		switch {
		case f.Verdict == Failure:
			return Failure
		case f.Verdict == Warning:
			worst = Warning
		}
	}
	return worst
}

// area is where a group of checks belongs.
type area string

func (a area) ok(subject, format string, args ...any) Finding {
	return Finding{string(a), subject, OK, fmt.Sprintf(format, args...), ""}
}

func (a area) warn(subject, hint, format string, args ...any) Finding {
	return Finding{string(a), subject, Warning, fmt.Sprintf(format, args...), hint}
}

func (a area) fail(subject, hint, format string, args ...any) Finding {
	return Finding{string(a), subject, Failure, fmt.Sprintf(format, args...), hint}
}

// oneLine fits the text of an error into a table. pgx has a line for every attempt, which mostly say the same.
func oneLine(err error) string {
	var lines []string
	for line := range strings.Lines(err.Error()) {
		if line = strings.Join(strings.Fields(line), " "); line != "" && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, " ")
}

// maxListed bounds how many names a finding lists.
const maxListed = 5

// list joins names, and counts those that there is no room for.
func list(names []string) string {
	if len(names) <= maxListed {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:maxListed], ", "), len(names)-maxListed)
}

// count writes a number of things, whose plural is regular.
func count(n int, thing string) string {
	if stem, ok := strings.CutSuffix(thing, "y"); ok && n != 1 {
		return strconv.Itoa(n) + " " + stem + "ies"
	}
	if n != 1 {
		thing += "s"
	}
	return strconv.Itoa(n) + " " + thing
}
