package codegen

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// lock is the content of names.lock: the tables that shapes have been given. Lines are added, and never changed or
// removed.
type lock struct {
	entries []lockEntry
	byShape map[string]*lockEntry
}

// lockEntry is a line of names.lock.
type lockEntry struct {
	table       string
	shape       string // 16 hex digits of the hash of the shape's key
	declaration string // of the variant that was recorded first
	line        int
}

const lockHead = `# The table that each event has, for ever: cmd/codegen adds lines and never changes one, so that no new ABI
# renames a table that stands. The line of an event whose ABI was removed stays, as its table does. Commit this file.
# table, hash of the event's shape, declaration
`

const shapeDigits = 16

var lockLine = regexp.MustCompile(`^([a-z][a-z0-9]*(?:_[a-z0-9]+)*_events) ([0-9a-f]{16}) (event .+\).*)$`)

// parseLock reads names.lock. Its error names every line that is wrong.
func parseLock(data []byte) (*lock, error) {
	l := &lock{byShape: map[string]*lockEntry{}}
	var errs []error
	lines := map[string]int{} // of what has been seen: a table or a shape
	number := 0
	for text := range strings.Lines(string(data)) {
		number++
		text = strings.TrimRight(text, "\r\n")
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		fields := lockLine.FindStringSubmatch(text)
		if fields == nil || len(fields[1]) > maxTable {
			errs = append(errs, lockError(number, "not of the form: <table>_events <16 hex digits> event <declaration>"))
			continue
		}
		for _, unique := range fields[1:3] {
			if first := lines[unique]; first != 0 {
				errs = append(errs, fmt.Errorf("%s:%d: repeats %s of line %d; hint: where two branches both added it, take one "+
					"line out and run make generate", LockFile, number, unique, first))
			}
			lines[unique] = number
		}
		l.entries = append(l.entries, lockEntry{fields[1], fields[2], fields[3], number})
	}
	for i := range l.entries {
		l.byShape[l.entries[i].shape] = &l.entries[i]
	}
	return l, errors.Join(errs...)
}

func lockError(line int, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s; hint: restore the line from version control",
		LockFile, line, fmt.Sprintf(format, args...))
}

// columns returns those of the entry's table, whose ABI may be gone. They are none where the declaration cannot be read,
// which its shape's own check finds.
func (e lockEntry) columns() []string {
	entry, err := parseDeclaration(e.declaration)
	if err != nil {
		return nil
	}
	declared, err := entry.event()
	if err != nil {
		return nil
	}
	return columnNames(declared.params)
}

// retired returns the entries whose event no ABI declares any more, in the order of tables.
func (l *lock) retired(shapes []*shape) []Retired {
	declared := map[string]bool{}
	for _, s := range shapes {
		declared[s.table] = true
	}
	var all []Retired
	for _, e := range l.sorted() {
		if !declared[e.table] {
			all = append(all, Retired{e.table, e.declaration})
		}
	}
	return all
}

// add records a new shape's table.
func (l *lock) add(s *shape) {
	l.entries = append(l.entries, lockEntry{table: s.table, shape: s.hash(), declaration: s.declaration()})
}

// hash is what names.lock knows the shape by.
func (s *shape) hash() string { return digits(s.key(), shapeDigits) }

// bytes returns the content of names.lock, sorted by table.
func (l *lock) bytes() []byte {
	var b strings.Builder
	b.WriteString(lockHead)
	for _, e := range l.sorted() {
		fmt.Fprintf(&b, "%s %s %s\n", e.table, e.shape, e.declaration)
	}
	return []byte(b.String())
}

func (l *lock) sorted() []lockEntry {
	return slices.SortedFunc(slices.Values(l.entries), func(a, b lockEntry) int { return cmp.Compare(a.table, b.table) })
}

// recorded returns the indexed positions in a declaration of the shape, and false if it declares something else.
func (s *shape) recorded(declaration string) ([]int, bool) {
	rest, ok := strings.CutPrefix(declaration, "event "+s.name+"(")
	positions := []int{}
	for i, p := range s.params {
		if i > 0 && ok {
			rest, ok = strings.CutPrefix(rest, ", ")
		}
		if !ok {
			return nil, false
		}
		// An unnamed indexed parameter and one named "indexed" look the same but for what follows.
		plain, indexed := p, p
		plain.indexed, indexed.indexed = false, true
		if after, found := cutParam(rest, indexed); found {
			positions = append(positions, i)
			rest = after
		} else {
			rest, ok = cutParam(rest, plain)
		}
	}
	return positions, ok && rest == ")"+s.suffix()
}

// cutParam cuts the declaration of p, which must be whole, off the beginning of text.
func cutParam(text string, p param) (string, bool) {
	after, found := strings.CutPrefix(text, p.declaration())
	return after, found && after != "" && (after[0] == ',' || after[0] == ')')
}
