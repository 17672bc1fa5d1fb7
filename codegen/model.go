package codegen

import (
	"fmt"
	"slices"
	"strings"
)

// table is what the templates write down: one shape with every name, type and expression decided.
type table struct {
	Name  string // deposited_events
	Query string // DepositedEvents, as sqlc calls the table
	Type  string // Deposited, the struct
	Var   string // deposited, what the names of the package's own identifiers begin with

	Event       string // Deposited, as in the ABI
	Signature   string
	Topic0      string // 64 hex digits
	Anonymous   bool
	Declaration string
	Layouts     [][]int
	Files       []string

	// Metadata are the columns before the parameters, but for created_at, which PostgreSQL fills in.
	Metadata []metadataColumn
	Columns  []column
	Indexes  []index
}

// column is a parameter.
type column struct {
	Name        string // term_id
	Query       string // TermID, as sqlc calls it
	Field       string // TermID, of the struct
	Param       string // termId, as in the ABI
	Declaration string // bytes32 indexed termId

	GoType  string
	SQLType string
	Read    string // the value that Decode assigns
	Encode  string // the statement that writes it
	// Type is the descriptor, and Descriptor the expression that builds it where it stands in a variable.
	Type       string
	Descriptor string

	Nullable  bool
	Hashed    bool
	Uncarried string // why rindexer cannot carry the parameter; empty where it can
	Alias     string // the key under which it can, where its ABI gives the parameter that name; empty like Uncarried
}

// metadataColumn is a column that every table has. core.sql's generic_events begins with the same, and the template of
// the event lists the fields that they come from.
type metadataColumn struct {
	Name     string
	SQLType  string
	Nullable bool
}

var metadata = []metadataColumn{
	{"transaction_hash", "bytea", false},
	{"log_index", "bigint", false},
	{"network", "text", false},
	{"chain_id", "bigint", true},
	{"address", "bytea", false},
	{"block_number", "bigint", false},
	{"block_hash", "bytea", false},
	{"block_timestamp", "timestamptz", true},
	{"transaction_index", "bigint", false},
	{"created_at", "timestamptz", false},
}

// reservedParam is the key under which rindexer puts the metadata into each item, over a parameter of that name.
const reservedParam = "transaction_information"

// catalogVar is the one exported variable of gen/events.
const catalogVar = "Catalog"

// typeName is the name of a table's struct, and varPrefix what the names of its unexported identifiers begin with.
func typeName(table string) string  { return goName(strings.TrimSuffix(table, tableSuffix)) }
func varPrefix(table string) string { return unexportedName(strings.TrimSuffix(table, tableSuffix)) }

// newTable decides on all there is about a shape that has its name.
func newTable(s *shape) *table {
	t := &table{
		Name:        s.table,
		Query:       sqlcName(s.table),
		Type:        typeName(s.table),
		Var:         varPrefix(s.table),
		Event:       s.name,
		Signature:   s.signature(),
		Topic0:      s.topic0(),
		Anonymous:   s.anonymous,
		Declaration: s.declaration(),
		Layouts:     s.variants,
		Files:       s.files,
		Metadata:    metadata[:len(metadata)-1],
	}
	columns := columnNames(s.params)
	fields := fieldNames(columns)
	aliases := s.aliases(columns)
	for i, p := range s.params {
		c := newColumn(p, s.uncarried(i))
		c.Name, c.Query, c.Field, c.Alias = columns[i], sqlcName(columns[i]), fields[i], aliases[i]
		c.Encode = of("e."+c.Field, c.Encode)
		if c.GoType == jsonStorage.goType {
			c.Descriptor = c.Type
			c.Type = t.Var + "Types." + c.Field
			c.Read = strings.ReplaceAll(c.Read, "$t", c.Type)
		}
		if c.Uncarried == "" {
			c.Read = of(fmt.Sprintf("d.Param(%q)", p.name), c.Read)
		} else {
			c.Read = of("v", c.Read)
		}
		t.Columns = append(t.Columns, c)
	}
	return t
}

// newColumn decides on what does not depend on the other parameters.
func newColumn(p param, uncarried string) column {
	s := storageOf(p)
	c := column{
		Param:       p.name,
		Declaration: p.declaration(),
		SQLType:     s.sqlType,
		Type:        descriptor(p.typ),
		Hashed:      p.hashed(),
		Uncarried:   uncarried,
	}
	switch {
	case p.name == "" || uncarried != "":
		c.Nullable = true
		s = s.nullable()
	case s.goType == bytesListStorage.goType:
		c.Nullable = true
	case s.goType == jsonStorage.goType:
		c.Nullable = p.typ.sentAsNull(false)
	}
	c.GoType, c.Read, c.Encode = s.goType, s.read, s.encode
	return c
}

// uncarried says why rindexer's JSON cannot carry the parameter at i. It is empty where it can: one parameter without a
// name has a key of its own, which is empty.
func (s *shape) uncarried(i int) string {
	name := s.params[i].name
	same := func(p param) bool { return p.name == name }
	twice := slices.ContainsFunc(s.params[:i], same) || slices.ContainsFunc(s.params[i+1:], same)
	switch {
	case name == reservedParam:
		return "is named like the metadata"
	case twice && name == "":
		return "has no name, like another"
	case twice:
		return "shares its name with another"
	}
	return ""
}

// aliases returns, for each parameter that rindexer cannot carry, the key under which it can: that of its column, which
// no other parameter has, in the ABI that the manifest of ours gives to rindexer. For all others it is empty.
func (s *shape) aliases(columns []string) []string {
	taken := map[string]bool{}
	for _, p := range s.params {
		taken[p.name] = true
	}
	aliases := make([]string, len(s.params))
	for i := range s.params {
		if s.uncarried(i) == "" {
			continue
		}
		alias := columns[i]
		for taken[alias] {
			alias += "_"
		}
		aliases[i], taken[alias] = alias, true
	}
	return aliases
}
