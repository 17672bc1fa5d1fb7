package codegen

import "fmt"

// claims tells which table has an identifier. A table's name brings others with it: Go identifiers of the two
// generated packages, and indexes, which share a name space with tables.
type claims map[string]string

// claimTables gives each shape its table: first what names.lock says, then the rest in the order of shapes, which it
// records in names.lock.
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
		taken.take(e.table, nil)
	}

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
		s.table = e.table
		s.record(indexed)
		taken.take(s.table, columnNames(s.params))
	}
	for _, s := range fresh {
		columns := columnNames(s.params)
		for _, name := range tableNames(s) {
			if _, ok := taken.free(name, columns); ok {
				s.table = name
				break
			}
		}
		if s.table == "" {
			return fmt.Errorf("abi/%s.json: every name for the table of %s is taken", s.files[0], s.declaration())
		}
		taken.take(s.table, columns)
		l.add(s)
	}
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
	return ids
}

func goIdentifier(name string) string { return "events." + name }
