package migrate

import (
	"fmt"
	"slices"
	"strings"

	"ariga.io/atlas/sql/postgres"
	"ariga.io/atlas/sql/schema"
)

// judge sorts the changes of one table: what Atlas shall write, what the files say better, what is left alone, and
// why something is not additive.
type judge struct {
	drops    []Change // of indexes, before all else
	alter    []schema.Change
	reasons  []string // against what is in alter
	comments []string
	indexes  []*index
	notes    []string
	foreign  bool
}

func (j *judge) add(t *table, change schema.Change) {
	switch c := change.(type) {
	case *schema.AddAttr, *schema.ModifyAttr:
		j.attribute(t, c)
	case *schema.AddColumn:
		j.refuse(addReason(c.C), t, c)
	case *schema.ModifyColumn:
		j.foreign = j.foreign || textForBytea(c)
		j.refuse(columnReason(c), t, c)
	case *schema.DropColumn:
		j.refuse(fmt.Sprintf("column %s would be dropped with its data", c.C.Name), t, c)
	case *schema.AddIndex:
		j.addIndex(t, c)
	case *schema.DropIndex:
		j.dropIndex(t, c)
	case *schema.ModifyIndex:
		j.modifyIndex(t, c)
	case *schema.ModifyPrimaryKey:
		j.modifyKey(t, c)
	default:
		j.refuse(constraintReason(c), t, c)
	}
}

// refuse hands the change to Atlas; an empty reason lets it pass as additive.
func (j *judge) refuse(reason string, t *table, change schema.Change) {
	j.alter = append(j.alter, change)
	if reason != "" {
		j.reasons = append(j.reasons, "table "+t.name+": "+reason)
	}
}

func (j *judge) refuseDrop(reason string, t *table, x *schema.Index) {
	j.drops = append(j.drops, Change{
		SQL:     "DROP INDEX " + quote(x.Name),
		Refused: []string{"table " + t.name + ": " + reason},
	})
}

// attribute lets a table's comment pass, and nothing else that Atlas calls an attribute.
func (j *judge) attribute(t *table, change schema.Change) {
	var a schema.Attr
	switch c := change.(type) {
	case *schema.AddAttr:
		a = c.A
	case *schema.ModifyAttr:
		a = c.To
	}
	if _, ok := a.(*schema.Comment); ok {
		j.refuse("", t, change)
		return
	}
	j.refuse(fmt.Sprintf("attribute %T would change", a), t, change)
}

func (j *judge) addIndex(t *table, c *schema.AddIndex) {
	if x := t.index(c.I.Name); x != nil {
		j.indexes = append(j.indexes, x)
		return
	}
	j.refuse(fmt.Sprintf("constraint %s would be added", c.I.Name), t, c)
}

// dropIndex leaves an index alone that only makes reading faster: somebody added it for queries of theirs. One that
// decides which rows the table takes is another matter.
func (j *judge) dropIndex(t *table, c *schema.DropIndex) {
	switch {
	case isConstraint(c.I):
		j.refuse(fmt.Sprintf("constraint %s would be dropped", c.I.Name), t, c)
	case c.I.Unique:
		j.refuseDrop(fmt.Sprintf("unique index %s would be dropped", c.I.Name), t, c.I)
	default:
		j.notes = append(j.notes, fmt.Sprintf("index %s of table %s, which is not in %s", c.I.Name, t.name, t.file))
	}
}

func (j *judge) modifyIndex(t *table, c *schema.ModifyIndex) {
	if c.Change == schema.ChangeComment {
		j.refuse("", t, c)
		return
	}
	reason := fmt.Sprintf("index %s would be dropped and built again, as its definition changed", c.From.Name)
	if x := t.index(c.To.Name); x != nil && !isConstraint(c.From) {
		j.refuseDrop(reason, t, c.From)
		j.indexes = append(j.indexes, x)
		return
	}
	j.refuse(reason, t, c)
	j.keepComment(c.To)
}

// modifyKey keeps Atlas from rebuilding the key for its comment.
func (j *judge) modifyKey(t *table, c *schema.ModifyPrimaryKey) {
	if c.Change != schema.ChangeComment {
		j.refuse(fmt.Sprintf("primary key %s would be dropped and built again", c.From.Name), t, c)
	}
	j.keepComment(c.To)
}

// keepComment sets the comment of a constraint's index, which Atlas does not do when it builds it.
func (j *judge) keepComment(x *schema.Index) {
	for _, a := range x.Attrs {
		if text, ok := a.(*schema.Comment); ok {
			j.comments = append(j.comments, fmt.Sprintf("COMMENT ON INDEX %s IS %s", quote(x.Name), literal(text.Text)))
		}
	}
}

// reasonsFor gives the reasons against one planned statement: they are about what is altered. The last statement takes
// them where no ALTER TABLE came, so that no reason is ever lost.
func (j *judge) reasonsFor(cmd string, last bool) []string {
	if !last && !strings.HasPrefix(cmd, "ALTER TABLE") {
		return nil
	}
	reasons := j.reasons
	j.reasons = nil
	return reasons
}

// addReason says what keeps a new column from being additive: rows that are there must neither miss it nor be
// rewritten for it. https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES
func addReason(c *schema.Column) string {
	for _, a := range c.Attrs {
		switch a.(type) {
		case *postgres.Identity, *schema.GeneratedExpr:
			return fmt.Sprintf("column %s would be added with a value of its own for every row, which rewrites them", c.Name)
		}
	}
	if _, ok := c.Type.Type.(*postgres.SerialType); ok {
		return fmt.Sprintf("column %s would be added with a sequence, which rewrites every row", c.Name)
	}
	if !c.Type.Null && c.Default == nil {
		return fmt.Sprintf("column %s would be added NOT NULL without a default", c.Name)
	}
	if x, ok := c.Default.(*schema.RawExpr); ok && strings.Contains(x.X, "(") && x.X != "now()" {
		return fmt.Sprintf("column %s would be added with default %s, which may rewrite every row", c.Name, x.X)
	}
	return ""
}

// columnReason says what a changed column would become; empty where only its comment changed.
func columnReason(c *schema.ModifyColumn) string {
	var parts []string
	if c.Change.Is(schema.ChangeType) {
		parts = append(parts, fmt.Sprintf("its type from %s to %s", typeName(c.From), typeName(c.To)))
	}
	if c.Change.Is(schema.ChangeNull) {
		parts = append(parts, fmt.Sprintf("from %s to %s", nullName(c.From), nullName(c.To)))
	}
	if c.Change.Is(schema.ChangeDefault) {
		parts = append(parts, "its default")
	}
	if rest := c.Change &^ (schema.ChangeComment | schema.ChangeType | schema.ChangeNull | schema.ChangeDefault); rest != 0 {
		parts = append(parts, "how its value is made")
	}
	if len(parts) == 0 {
		return ""
	}
	return fmt.Sprintf("column %s would change %s", c.To.Name, strings.Join(parts, " and "))
}

func constraintReason(change schema.Change) string {
	switch c := change.(type) {
	case *schema.AddPrimaryKey:
		return fmt.Sprintf("primary key %s would be added", c.P.Name)
	case *schema.DropPrimaryKey:
		return fmt.Sprintf("primary key %s would be dropped", c.P.Name)
	case *schema.AddCheck:
		return fmt.Sprintf("check %s would be added", c.C.Name)
	case *schema.DropCheck:
		return fmt.Sprintf("check %s would be dropped", c.C.Name)
	case *schema.ModifyCheck:
		return fmt.Sprintf("check %s would change", c.From.Name)
	case *schema.AddForeignKey:
		return fmt.Sprintf("foreign key %s would be added", c.F.Symbol)
	case *schema.DropForeignKey:
		return fmt.Sprintf("foreign key %s would be dropped", c.F.Symbol)
	case *schema.ModifyForeignKey:
		return fmt.Sprintf("foreign key %s would change", c.From.Symbol)
	}
	return fmt.Sprintf("a change of a kind that is not known to be additive (%T)", change)
}

// textForBytea is how a table of the earlier service in Rust shows.
func textForBytea(c *schema.ModifyColumn) bool {
	return c.Change.Is(schema.ChangeType) && typeName(c.From) == "text" && typeName(c.To) == "bytea"
}

func isConstraint(x *schema.Index) bool {
	return slices.ContainsFunc(x.Attrs, func(a schema.Attr) bool {
		_, ok := a.(*postgres.Constraint)
		return ok
	})
}

func typeName(c *schema.Column) string {
	name, err := postgres.FormatType(c.Type.Type)
	if err != nil {
		return c.Type.Raw
	}
	return name
}

func nullName(c *schema.Column) string {
	if c.Type.Null {
		return "nullable"
	}
	return "NOT NULL"
}
