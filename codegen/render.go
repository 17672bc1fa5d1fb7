package codegen

import (
	"bytes"
	"embed"
	"fmt"
	"go/format"
	"path"
	"strings"
	"text/template"
)

// The templates have the shape of what they write, and decide on nothing.
//
//go:embed templates
var templateFiles embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"quote":   func(text string) string { return fmt.Sprintf("%q", text) },
	"literal": func(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" },
	"names":   columnList,
	"yaml":    yamlText,
}).ParseFS(templateFiles, "templates/*.tmpl"))

// width is where lines are broken, where they can be.
const width = 110

// render writes the tables down, as files by path.
func render(module string, tables []*table) (map[string][]byte, error) {
	files := map[string][]byte{}
	add := func(name, template string, data any) error {
		var b bytes.Buffer
		if err := templates.ExecuteTemplate(&b, template, data); err != nil {
			return err
		}
		text := b.Bytes()
		if path.Ext(name) == ".go" {
			formatted, err := format.Source(text)
			if err != nil {
				return fmt.Errorf("format %s: %w", name, err)
			}
			text = formatted
		}
		files[name] = text
		return nil
	}
	for _, t := range tables {
		data := struct {
			*table
			Module string
		}{t, module}
		for _, f := range []struct{ name, template string }{
			{"gen/events/" + t.Name + ".go", "event.go.tmpl"},
			{"schema/" + t.Name + ".gen.sql", "schema.sql.tmpl"},
			{"queries/" + t.Name + ".gen.sql", "queries.sql.tmpl"},
		} {
			if err := add(f.name, f.template, data); err != nil {
				return nil, err
			}
		}
	}
	err := add("gen/events/catalog.go", "catalog.go.tmpl", struct {
		Module string
		Tables []*table
	}{module, tables})
	return files, err
}

// UsesUint256 reports whether the struct has a field of that package.
func (t *table) UsesUint256() bool {
	for _, c := range t.Columns {
		if strings.Contains(c.GoType, "uint256.") {
			return true
		}
	}
	return false
}

// Described returns the columns whose descriptor stands in a variable.
func (t *table) Described() []column {
	return t.filter(func(c column) bool { return c.Descriptor != "" })
}

// Always and Sometimes return the columns that cannot be NULL, and those that can.
func (t *table) Always() []column {
	return t.filter(func(c column) bool { return !c.Nullable })
}

func (t *table) Sometimes() []column {
	return t.filter(func(c column) bool { return c.Nullable })
}

func (t *table) filter(keep func(column) bool) []column {
	var kept []column
	for _, c := range t.Columns {
		if keep(c) {
			kept = append(kept, c)
		}
	}
	return kept
}

// Inserted returns the names of the columns that the queries fill.
func (t *table) Inserted() []string {
	var names []string
	for _, c := range t.Metadata {
		names = append(names, c.Name)
	}
	return append(names, columnsOf(t.Columns)...)
}

// Selected returns the names of all columns, in the order of the table.
func (t *table) Selected() []string {
	var names []string
	for _, c := range metadata {
		names = append(names, c.Name)
	}
	return append(names, columnsOf(t.Columns)...)
}

// Fillable returns the names of the columns that can be NULL until a later message knows them.
func (t *table) Fillable() []string {
	return append([]string{"chain_id", "block_timestamp"}, columnsOf(t.Sometimes())...)
}

// Content returns the names of the columns that make two rows of one key the same, but for those that can be NULL,
// qualified with the alias.
func (t *table) Content(alias string) []string {
	names := append([]string{"block_hash", "address"}, columnsOf(t.Always())...)
	for i, name := range names {
		names[i] = alias + "." + name
	}
	return names
}

func columnsOf(columns []column) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return names
}

// TimestampIndex and TransactionIndex are the names of the indexes that every table has.
func (t *table) TimestampIndex() string   { return indexName(t.Name, "block_timestamp") }
func (t *table) TransactionIndex() string { return indexName(t.Name, "transaction_hash") }

// Note is the field's comment: what it holds, and when it does not.
func (c column) Note() string {
	switch {
	case c.Param == "" && c.Uncarried == "":
		return c.Declaration + "; nullable, as all that have no name"
	case c.Nullable:
		return c.Declaration + "; nil where rindexer lost it"
	}
	return c.Declaration
}

// Long reports whether the comment is too long to stand beside the field.
func (c column) Long() bool { return len(c.Note()) > 64 }

// DocDeclaration returns the declaration as the text of a doc comment, a parameter a line where it is long.
func (t *table) DocDeclaration() string {
	if len(t.Declaration) <= width-len("//\t") {
		return "//\t" + t.Declaration
	}
	var b strings.Builder
	fmt.Fprintf(&b, "//\tevent %s(\n", t.Event)
	for i, c := range t.Columns {
		b.WriteString("//\t\t" + c.Declaration)
		if i < len(t.Columns)-1 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
	}
	b.WriteString("//\t)")
	if t.Anonymous {
		b.WriteString(" anonymous")
	}
	return b.String()
}

// columnList returns names separated by commas, as lines of SQL that are indented by four spaces a level.
func columnList(level int, names []string) string {
	indent := strings.Repeat("    ", level)
	var b strings.Builder
	line := indent
	for i, name := range names {
		if i < len(names)-1 {
			name += ","
		}
		if line != indent && len(line)+1+len(name) > width {
			b.WriteString(line + "\n")
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += name
	}
	b.WriteString(line)
	return b.String()
}
