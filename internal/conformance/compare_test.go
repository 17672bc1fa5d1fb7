package conformance_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// shown bounds the differences that a failure lists.
const shown = 20

// comparison collects differences.
type comparison struct {
	missing, extra, different int
	lines                     []string
}

func (c *comparison) note(count *int, format string, arguments ...any) {
	*count++
	if len(c.lines) < shown {
		c.lines = append(c.lines, fmt.Sprintf(format, arguments...))
	}
}

// compareRows compares every column of every row, and logs how many rows each table has.
func compareRows(t *testing.T, want, got contents) {
	t.Helper()
	var c comparison
	var counts strings.Builder
	total := 0
	for _, table := range union(want, got) {
		for _, key := range union(want[table], got[table]) {
			c.row(table, key, want[table][key], got[table][key])
		}
		total += len(got[table])
		fmt.Fprintf(&counts, "%8d %s\n", len(got[table]), table)
	}
	t.Logf("rows compared, column by column:\n%s%8d total, %d missing, %d extra, %d columns that differ",
		&counts, total, c.missing, c.extra, c.different)
	if len(c.lines) > 0 {
		t.Errorf("%d rows missing, %d extra, %d columns that differ; the first differences:\n%s",
			c.missing, c.extra, c.different, strings.Join(c.lines, "\n"))
	}
	if total == 0 {
		t.Error("there were no rows to compare")
	}
}

func (c *comparison) row(table, key string, want, got row) {
	switch {
	case got == nil:
		c.note(&c.missing, "table %s, key %s: the row is missing", table, key)
	case want == nil:
		c.note(&c.extra, "table %s, key %s: the row is extra", table, key)
	default:
		for _, column := range union(want, got) {
			w, wanted := want[column]
			g, found := got[column]
			if w != g || wanted != found {
				w, g = excerpts(w, g)
				c.note(&c.different, "table %s, key %s, column %s: want %s, got %s", table, key, column, w, g)
			}
		}
	}
}

// excerpts cuts two long texts to the part in which they differ.
func excerpts(a, b string) (string, string) {
	const before, length = 20, 200
	same := 0
	for same < len(a) && same < len(b) && a[same] == b[same] {
		same++
	}
	cut := func(s string) string {
		if len(s) <= length {
			return s
		}
		start := max(0, same-before)
		return fmt.Sprintf("(from byte %d of %d) %q", start, len(s), s[start:min(len(s), start+length)])
	}
	return cut(a), cut(b)
}

// compareLetters compares the dead letters, of which none but those expected may be there.
func compareLetters(t *testing.T, want, got []letter) {
	t.Helper()
	id := func(letters []letter) map[string]letter {
		byID := map[string]letter{}
		for _, l := range letters {
			byID[fmt.Sprintf("stream %s, message %s, index %d", l.Stream, l.MessageID, l.Index)] = l
		}
		return byID
	}
	wanted, found := id(want), id(got)
	var c comparison
	for _, key := range union(wanted, found) {
		w, isWanted := wanted[key]
		g, isFound := found[key]
		switch {
		case !isFound:
			c.note(&c.missing, "table dead_letters, key %s: missing, want %+v", key, w)
		case !isWanted:
			c.note(&c.extra, "table dead_letters, key %s: extra, got %+v", key, g)
		case w != g:
			c.note(&c.different, "table dead_letters, key %s: want %+v, got %+v", key, w, g)
		}
	}
	t.Logf("dead letters compared: %d, %d missing, %d extra, %d that differ", len(got), c.missing, c.extra, c.different)
	if len(c.lines) > 0 {
		t.Errorf("dead letters: %d missing, %d extra, %d that differ:\n%s",
			c.missing, c.extra, c.different, strings.Join(c.lines, "\n"))
	}
}

// compareColumns holds the tables against the ABIs: the metadata first, then the parameters in their order, with the
// types that they must have.
func compareColumns(t *testing.T, tables []table, c catalog) {
	t.Helper()
	declared := map[string]shape{}
	for _, shapes := range c {
		for _, s := range shapes {
			declared[normalized(s.declaration())] = s
		}
	}
	found := 0
	for _, table := range tables {
		for i, want := range metadataColumns {
			if i >= len(table.columns) || table.columns[i].name != want.name || table.columns[i].sqlType != want.sqlType {
				t.Fatalf("table %s: column %d is not %s of type %s", table.name, i+1, want.name, want.sqlType)
			}
		}
		s, ok := declared[normalized(table.comment)]
		if !ok {
			continue // of an anonymous event, or generic_events
		}
		found++
		params := table.columns[len(metadataColumns):]
		if len(params) != len(s.params) {
			t.Fatalf("table %s has %d columns for the %d parameters of %s", table.name, len(params), len(s.params), s.declaration())
		}
		for i, p := range s.params {
			if got := params[i]; normalized(got.comment) != p.declaration() || got.sqlType != p.sqlType() {
				t.Errorf("table %s, column %s: want type %s and comment %q, got %s and %q",
					table.name, got.name, p.sqlType(), p.declaration(), got.sqlType, got.comment)
			}
		}
	}
	if found != len(declared) {
		t.Errorf("%d of the %d events that the ABIs declare have a table with their comment", found, len(declared))
	}
}

// union returns the keys of both maps, sorted.
func union[V any](a, b map[string]V) []string {
	keys := map[string]bool{}
	for key := range a {
		keys[key] = true
	}
	for key := range b {
		keys[key] = true
	}
	return slices.Sorted(maps.Keys(keys))
}
