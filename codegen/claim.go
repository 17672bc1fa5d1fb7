package codegen

import (
	"errors"
	"fmt"
	"slices"
)

// claims tells which table has an identifier. A table's name brings others with it: Go identifiers of the two
// generated packages, and indexes, which share a name space with tables.
type claims map[string]string

// claimTables gives each shape its table: first what names.lock says, then what hints say, then the rest in the order
// of shapes. What is new is recorded in names.lock.
func claimTables(shapes []*shape, l *lock) error {
	taken := claims{}
	for name := range reservedTables {
		taken.take(name, nil)
	}
	taken[goIdentifier(catalogVar)] = "the catalog"
	for _, e := range l.entries {
		if owner, ok := taken.free(e.table, nil); !ok {
			return lockError(e.line, "%s cannot stand beside %s", e.table, owner)
		}
		taken.take(e.table, e.columns())
	}

	var errs []error
	var fresh []*shape
	for _, s := range shapes {
		e := l.byShape[s.hash()]
		if e == nil {
			fresh = append(fresh, s)
			continue
		}
		indexed, ok := s.recorded(e.declaration)
		if !ok {
			return lockError(e.line, "the declaration is not that of the shape %s (%s)", e.shape, s.declaration())
		}
		if want := s.hinted.table; want.given() && want.text != e.table {
			errs = append(errs, want.errorf("the table of %s is %s, and names that stand never change; hint: docs/naming.md "+
				"says how a table is renamed by hand", s.name, e.table))
		}
		s.table = e.table
		s.record(indexed)
		taken.take(s.table, columnNames(s.params))
		errs = append(errs, taken.index(s))
	}
	slices.SortStableFunc(fresh, func(a, b *shape) int { return b.hintedFirst() - a.hintedFirst() })
	for _, s := range fresh {
		if err := taken.serve(s); err != nil {
			errs = append(errs, err)
			continue
		}
		l.add(s)
		errs = append(errs, taken.index(s))
	}
	return errors.Join(errs...)
}

// index takes the names of the indexes that hints ask for.
func (c claims) index(s *shape) error {
	var errs []error
	for _, l := range s.hinted.indexes {
		name := indexName(s.table, l.indexed())
		if owner, taken := c[name]; taken && owner != s.table {
			errs = append(errs, l.errorf("the index would be called %s, which is a name of %s", name, owner))
			continue
		}
		c[name] = s.table
	}
	return errors.Join(errs...)
}

// hintedFirst is 1 where a hint names the table: what somebody asked for goes before what we choose.
func (s *shape) hintedFirst() int {
	if s.hinted.table.given() {
		return 1
	}
	return 0
}

// serve gives a new shape its table.
func (c claims) serve(s *shape) error {
	columns := columnNames(s.params)
	if want := s.hinted.table; want.given() {
		if owner, ok := c.free(want.text, columns); !ok {
			return want.errorf("the name %s, or one that comes with it, is taken by %s", want.text, owner)
		}
		s.table = want.text
	}
	for _, name := range tableNames(s) {
		if _, ok := c.free(name, columns); ok && s.table == "" {
			s.table = name
		}
	}
	if s.table == "" {
		return fmt.Errorf("abi/%s: every name for the table of %s is taken; hint: give it one with a hint, see docs/naming.md",
			s.files[0], s.declaration())
	}
	c.take(s.table, columns)
	return nil
}

// free reports whether a table could have the name, and if not, who has what it needs.
func (c claims) free(name string, columns []string) (owner string, ok bool) {
	for _, id := range identifiers(name, columns) {
		if owner, taken := c[id]; taken {
			return owner, false
		}
	}
	return "", true
}

func (c claims) take(name string, columns []string) {
	for _, id := range identifiers(name, columns) {
		c[id] = name
	}
}

// identifiers returns all that a table takes: its name and its indexes, which PostgreSQL keeps in one name space, and
// what it is called in gen/db and in gen/events.
func identifiers(name string, columns []string) []string {
	ids := []string{name, "db." + sqlcName(name), goIdentifier(typeName(name)), goIdentifier(varPrefix(name))}
	for _, column := range columns {
		ids = append(ids, indexName(name, column))
	}
	return append(ids, indexName(name, "block_timestamp"), indexName(name, "transaction_hash"))
}

func goIdentifier(name string) string { return "events." + name }
