package codegen

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// index is an index on columns of a table, beside those that every table has.
type index struct {
	Name    string
	Method  method
	Columns []string
}

// method is how PostgreSQL can index a column of some type.
type method string

const (
	btree method = "btree"
	// hash is for single values of any length, which a btree refuses beyond 2,704 bytes, and the row with it.
	hash method = "hash"
	// gin is for what is within arrays and jsonb.
	gin method = "gin"
	// none: an array whose elements can have any length. gin too has a limit for them.
	none method = ""
)

// methodOf is how a parameter's column is indexed. https://www.postgresql.org/docs/current/indexes-types.html
func methodOf(p param) method {
	t := p.typ
	switch {
	case p.hashed():
		return btree
	case t.kind == kindBytes || t.kind == kindString:
		return hash
	case storageOf(p).goType == jsonStorage.goType:
		return gin
	case t.kind == kindArray && (t.elem.kind == kindBytes || t.elem.kind == kindString):
		return none
	case t.kind == kindArray:
		return gin
	}
	return btree
}

// addIndexes gives the table an index for each indexed parameter of a value type, but for those that hints leave out,
// and those that hints ask for.
func (t *table) addIndexes(s *shape) error {
	var errs []error
	unindexed := map[string]bool{}
	for _, m := range s.hinted.unindexed {
		unindexed[m.text] = true
		if i := t.column(m.text); i < 0 || !s.indexedByDefault(i) {
			errs = append(errs, m.errorf("column %s of %s has no index that could be left out", m.text, t.Name))
		}
	}
	for i, c := range t.Columns {
		if s.indexedByDefault(i) && !unindexed[c.Name] {
			t.Indexes = append(t.Indexes, index{indexName(t.Name, c.Name), btree, []string{c.Name}})
		}
	}
	for _, l := range s.hinted.indexes {
		x, err := t.hintedIndex(s, l)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		t.Indexes = append(t.Indexes, x)
	}
	return errors.Join(errs...)
}

// indexedByDefault reports whether a log has the parameter at i as a topic, as a value, in some variant.
func (s *shape) indexedByDefault(i int) bool {
	return !s.params[i].hashed() && slices.ContainsFunc(s.variants, func(v []int) bool { return slices.Contains(v, i) })
}

// column returns the place of a parameter's column, -1 if there is none of the name.
func (t *table) column(name string) int {
	return slices.IndexFunc(t.Columns, func(c column) bool { return c.Name == name })
}

// hintedIndex is an index that a hint asks for.
func (t *table) hintedIndex(s *shape, l list) (index, error) {
	x := index{Method: btree}
	for _, m := range l.items {
		i := t.column(m.text)
		switch {
		case slices.Contains(x.Columns, m.text):
			return x, m.errorf("column %s stands in the index twice", m.text)
		case i < 0 && !slices.Contains(t.Selected(), m.text):
			return x, m.errorf("%s has no column %s; hint: it has %s", t.Name, m.text, strings.Join(t.Selected(), ", "))
		case i >= 0:
			x.Method = methodOf(s.params[i])
		}
		x.Columns = append(x.Columns, m.text)
		switch {
		case x.Method == none:
			return x, m.errorf("PostgreSQL has no index for column %s, an array of values of any length", m.text)
		case x.Method != btree && len(l.items) > 1:
			return x, m.errorf("column %s can only have an index of its own (%s), as its values can be long", m.text, x.Method)
		}
	}
	if most := 32; len(x.Columns) == 0 || len(x.Columns) > most {
		return x, l.errorf("an index has 1 to %d columns", most)
	}
	x.Name = indexName(t.Name, l.indexed())
	for _, other := range t.Indexes {
		if slices.Equal(other.Columns, x.Columns) {
			return x, l.errorf("%s has this index already", t.Name)
		}
		if other.Name == x.Name {
			return x, l.errorf("the index would be called %s, as the one on %s", x.Name, strings.Join(other.Columns, ", "))
		}
	}
	return x, nil
}

// Definition is what stands between ON and the end of the statement that creates the index.
func (x index) Definition(table string) string {
	using := ""
	if x.Method != btree {
		using = fmt.Sprintf(" USING %s", x.Method)
	}
	return fmt.Sprintf("%s%s (%s)", table, using, strings.Join(x.Columns, ", "))
}
