package codegen

import (
	"errors"
	"fmt"
	"go/token"
	"regexp"
)

var identifier = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// validate holds the model against the rules of PostgreSQL, Go and sqlc. What it finds is a defect of this package, for
// the naming rules are made so that no ABI can break them.
func validate(tables []*table) error {
	var errs []error
	relations := map[string]string{}
	types := map[string]string{}
	unique := func(taken map[string]string, name, owner string) {
		if first, ok := taken[name]; ok {
			errs = append(errs, fmt.Errorf("table %s: %s is a name of %s too", owner, name, first))
		}
		taken[name] = owner
	}
	for _, t := range tables {
		unique(relations, t.Name, t.Name)
		unique(types, t.Type, t.Name)
		for _, name := range t.indexes() {
			unique(relations, name, t.Name)
		}
		errs = append(errs, t.validate()...)
	}
	return errors.Join(errs...)
}

// indexes returns the names of the table's indexes.
func (t *table) indexes() []string {
	names := []string{t.TimestampIndex(), t.TransactionIndex()}
	for _, x := range t.Indexes {
		names = append(names, x.Name)
	}
	return names
}

func (t *table) validate() []error {
	var errs []error
	fail := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("table %s: "+format, append([]any{t.Name}, args...)...))
	}
	if !identifier.MatchString(t.Name) || len(t.Name) > maxTable {
		fail("not a name")
	}
	for _, name := range t.indexes() {
		if !identifier.MatchString(name) || len(name) > maxIdentifier {
			fail("index %s: not a name", name)
		}
	}
	fields, queries := map[string]bool{}, map[string]bool{}
	for _, c := range t.Columns {
		switch {
		case !identifier.MatchString(c.Name) || len(c.Name) > maxIdentifier || reserved[c.Name]:
			fail("column %s: not a name", c.Name)
		case !token.IsIdentifier(c.Field) || !token.IsExported(c.Field) || !token.IsIdentifier(c.Query):
			fail("column %s: %s or %s is not a name in Go", c.Name, c.Field, c.Query)
		case fields[c.Field] || queries[c.Query]:
			fail("column %s: the name repeats one before it", c.Name)
		}
		fields[c.Field], queries[c.Query] = true, true
	}
	return errs
}
