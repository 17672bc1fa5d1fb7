package migrate

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"ariga.io/atlas/sql/migrate"
)

// stateTable holds the hash of the files that were applied last. It is one of the desired tables itself.
const stateTable = "schema_state"

// format is part of the hash: raise it when this package makes something else of the same files, such as other views.
const format = "redis-postgres-sync schema 1\n"

// source is what schema/ says: its tables in the order of the files, so that a table comes after those it refers to.
type source struct {
	hash   []byte
	tables []*table
	types  []string // of their columns, each once
}

// table is one desired table, with its SQL as it is written in the file. A new table is created by exactly this text,
// so that what Atlas does not model (constraint names, storage parameters) arrives too.
type table struct {
	name    string
	file    string
	stmts   []string
	columns []column
	key     []string // columns of the primary key
	indexes []*index
}

// index is one desired index.
type index struct {
	name    string
	table   string
	create  string
	comment string // COMMENT ON INDEX, or empty
}

// readSource reads and cuts up the *.sql files at the top of files.
func readSource(files fs.FS) (*source, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, fmt.Errorf("list schema files: %w", err)
	}
	if len(names) == 0 {
		return nil, errors.New("list schema files: no *.sql there; hint: run make generate")
	}
	p := parser{tables: map[string]*table{}, indexes: map[string]*index{}, constraints: map[string]*table{}}
	sum := sha256.New()
	sum.Write([]byte(format))
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read schema file: %w", err)
		}
		sum.Write([]byte(name))
		sum.Write(binary.BigEndian.AppendUint64(nil, uint64(len(text))))
		sum.Write(text)
		if err := p.file(name, string(text)); err != nil {
			return nil, err
		}
	}
	if p.tables[stateTable] == nil {
		return nil, fmt.Errorf("read schema files: no table %s; hint: schema/core.sql declares it", stateTable)
	}
	return &source{hash: sum.Sum(nil), tables: p.order, types: p.types()}, nil
}

// parser sorts statements by the table they belong to.
type parser struct {
	order       []*table
	tables      map[string]*table
	indexes     map[string]*index
	constraints map[string]*table // an index too may have this name: that of a key
}

const ident = `("(?:[^"]|"")+"|[A-Za-z_][A-Za-z0-9_$]*)`

// Names are unqualified on purpose: the files are evaluated in a scratch schema first.
var (
	createTable = regexp.MustCompile(`(?is)^CREATE\s+(?:UNLOGGED\s+)?TABLE\s+` + ident + `\s*\(`)
	createIndex = regexp.MustCompile(`(?is)^CREATE\s+(?:UNIQUE\s+)?INDEX\s+` + ident + `\s+ON\s+` + ident + `[\s(]`)
	comment     = regexp.MustCompile(`(?is)^COMMENT\s+ON\s+(TABLE|COLUMN|INDEX|CONSTRAINT)\s+` + ident +
		`(?:\s*\.\s*` + ident + `)?(?:\s+ON\s+` + ident + `)?\s+IS\s`)
	indexKeyword = regexp.MustCompile(`(?i)\bINDEX\b`)
)

func (p *parser) file(name, text string) error {
	// Without the search for function bodies, which the files cannot have, Atlas' scanner is several times as fast.
	scanner := migrate.Scanner{ScannerOptions: migrate.ScannerOptions{EscapedStringExt: true}}
	stmts, err := scanner.Scan(text)
	if err != nil {
		return fmt.Errorf("read schema file %s: %w", name, err)
	}
	for _, stmt := range stmts {
		sql := strings.TrimRight(strings.TrimSpace(stmt.Text), "; \n\t\r")
		if err := p.statement(name, sql); err != nil {
			line := 1 + strings.Count(text[:stmt.Pos], "\n")
			return fmt.Errorf("read schema file %s:%d: %w", name, line, err)
		}
	}
	return nil
}

func (p *parser) statement(file, sql string) error {
	if m := createTable.FindStringSubmatch(sql); m != nil {
		return p.table(&table{name: unquote(m[1]), file: file, stmts: []string{sql}})
	}
	if m := createIndex.FindStringSubmatch(sql); m != nil {
		return p.index(&index{name: unquote(m[1]), table: unquote(m[2]), create: sql})
	}
	if m := comment.FindStringSubmatch(sql); m != nil {
		return p.comment(strings.ToUpper(m[1]), unquote(m[2]), unquote(m[4]), sql)
	}
	first, _, _ := strings.Cut(sql, "\n")
	return fmt.Errorf("statement %q is not for here; hint: only CREATE TABLE, CREATE INDEX with a name and COMMENT ON, "+
		"without IF NOT EXISTS, CONCURRENTLY or the name of a schema", first)
}

func (p *parser) table(t *table) error {
	if old := p.tables[t.name]; old != nil {
		return fmt.Errorf("table %s is in %s already", t.name, old.file)
	}
	words := words(t.stmts[0])
	columns, key, err := parseColumns(t.stmts[0], words)
	if err != nil {
		return fmt.Errorf("find columns of table %s: %w", t.name, err)
	}
	t.columns, t.key = columns, key
	p.tables[t.name] = t
	p.order = append(p.order, t)
	for _, name := range constraintNames(words) {
		p.constraints[name] = t
	}
	return nil
}

// types lists the types of all columns.
func (p *parser) types() []string {
	seen := map[string]bool{}
	var types []string
	for _, t := range p.order {
		for _, c := range t.columns {
			if !seen[c.typ] {
				seen[c.typ] = true
				types = append(types, c.typ)
			}
		}
	}
	return types
}

func (p *parser) index(x *index) error {
	t := p.tables[x.table]
	if t == nil {
		return fmt.Errorf("index %s is on table %s, which no statement above creates", x.name, x.table)
	}
	if old := p.indexes[x.name]; old != nil {
		return fmt.Errorf("index %s stands on table %s already", x.name, old.table)
	}
	p.indexes[x.name] = x
	t.indexes = append(t.indexes, x)
	t.stmts = append(t.stmts, x.create)
	return nil
}

// comment files the comment with its table: an object is a table, its column, an index, or a constraint on it.
func (p *parser) comment(kind, name, on, sql string) error {
	switch kind {
	case "CONSTRAINT":
		name = on
	case "INDEX":
		switch x, t := p.indexes[name], p.constraints[name]; {
		case x != nil:
			x.comment, name = sql, x.table
		case t != nil:
			name = t.name
		default:
			return fmt.Errorf("comment on index %s, which no statement above creates", name)
		}
	}
	t := p.tables[name]
	if t == nil {
		return fmt.Errorf("comment on table %s, which no statement above creates", name)
	}
	t.stmts = append(t.stmts, sql)
	return nil
}

// script is the table's SQL as one text.
func (t *table) script() string {
	return strings.Join(t.stmts, ";\n")
}

// index finds an index by name. Those of constraints are part of the table's own statement, and not found.
func (t *table) index(name string) *index {
	for _, x := range t.indexes {
		if x.name == name {
			return x
		}
	}
	return nil
}

// script is the index's SQL, its comment included.
func (x *index) script() string {
	if x.comment == "" {
		return x.create
	}
	return x.create + ";\n" + x.comment
}

// concurrently is the index's SQL in the form that lets writers write meanwhile.
func (x *index) concurrently() string {
	at := indexKeyword.FindStringIndex(x.create)
	return x.create[:at[1]] + " CONCURRENTLY" + x.create[at[1]:]
}

// unquote gives an identifier as the catalog has it.
func unquote(ident string) string {
	if strings.HasPrefix(ident, `"`) {
		return strings.ReplaceAll(ident[1:len(ident)-1], `""`, `"`)
	}
	return strings.ToLower(ident)
}

var unloggedTable = regexp.MustCompile(`(?i)^CREATE\s+UNLOGGED\s`)

// unlogged reports whether the table is to be empty after a crash, which is what it is for.
func (t *table) unlogged() bool { return len(t.stmts) > 0 && unloggedTable.MatchString(t.stmts[0]) }
