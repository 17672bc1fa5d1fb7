package migrate

import (
	"fmt"
	"slices"
	"strings"

	"ariga.io/atlas/sql/postgres"
	"ariga.io/atlas/sql/schema"
)

// judge sorts the changes of one table: what this version needs, what it does without and leaves to the operator, what
// it leaves alone for good, and why something is not additive. It cannot know whether a difference is an earlier
// version's or a newer one's, and both may run at this moment, so what a start does must be something that no version
// undoes: it adds what is missing and touches nothing else.
type judge struct {
	table    *table
	live     []liveColumn
	drops    []Change // of indexes, before all else
	alter    []schema.Change
	reasons  []string // against what is in alter
	comments []string
	indexes  []*index
	deferred []deferral
	notes    []string
	foreign  bool
}

// deferral is a change that this version works without. Either Atlas writes it, or sql says it.
type deferral struct {
	change schema.Change
	sql    string
	reason string // why it is not additive; empty if it is
}

func (j *judge) add(change schema.Change) {
	switch c := change.(type) {
	case *schema.AddAttr, *schema.ModifyAttr:
		j.attribute(c)
	case *schema.AddColumn:
		j.need(c, addReason(c.C))
	case *schema.ModifyColumn:
		j.modifyColumn(c)
	case *schema.DropColumn:
		j.dropColumn(c)
	case *schema.AddIndex:
		j.addIndex(c)
	case *schema.DropIndex:
		j.dropIndex(c)
	case *schema.ModifyIndex:
		j.modifyIndex(c)
	case *schema.ModifyPrimaryKey:
		j.modifyKey(c)
	case *schema.DropCheck:
		j.leaveConstraint("check " + c.C.Name)
	case *schema.DropForeignKey:
		j.leaveConstraint("foreign key " + c.F.Symbol)
	default:
		j.need(c, constraintReason(c))
	}
}

// need hands the change to Atlas; an empty reason lets it pass as additive.
func (j *judge) need(change schema.Change, reason string) {
	j.alter = append(j.alter, change)
	if reason != "" {
		j.reasons = append(j.reasons, j.because(reason))
	}
}

// leave notes what the table has and the files do not.
func (j *judge) leave(what string) {
	j.notes = append(j.notes, fmt.Sprintf("%s of table %s, which is not in %s", what, j.table.name, j.table.file))
}

// leaveConstraint leaves alone what another version wants checked, or somebody.
func (j *judge) leaveConstraint(what string) {
	j.leave(what)
	j.notes[len(j.notes)-1] += "; an event that it refuses becomes a dead letter"
}

// postpone leaves a change to the operator.
func (j *judge) postpone(d deferral) {
	if d.reason != "" {
		d.reason = j.because(d.reason)
	}
	j.deferred = append(j.deferred, d)
}

func (j *judge) because(reason string) string { return "table " + j.table.name + ": " + reason }

// attribute lets a table's comment pass, and nothing else that Atlas calls an attribute.
func (j *judge) attribute(change schema.Change) {
	var from, to schema.Attr
	switch c := change.(type) {
	case *schema.AddAttr:
		to = c.A
	case *schema.ModifyAttr:
		from, to = c.From, c.To
	}
	if _, ok := to.(*schema.Comment); ok {
		j.comment(deferral{change: change}, "", []schema.Attr{from}, []schema.Attr{to})
		return
	}
	j.need(change, fmt.Sprintf("attribute %T would change", to))
}

// comment sets a comment that is missing. Where the files have none, it is another version's. Where both say
// something, no version can tell whose is the newer, and each would set its own at every start.
func (j *judge) comment(d deferral, of string, from, to []schema.Attr) {
	switch {
	case commentText(to) == "":
		j.leave("comment" + of)
	case commentText(from) != "":
		j.postpone(d)
	case d.sql != "":
		j.comments = append(j.comments, d.sql)
	default:
		j.need(d.change, "")
	}
}

// modifyColumn tells what this version cannot work with from what it can: its inserts do not notice that a column
// takes NULL too, or has another default.
func (j *judge) modifyColumn(c *schema.ModifyColumn) {
	j.foreign = j.foreign || textForBytea(c)
	const light = schema.ChangeComment | schema.ChangeNull | schema.ChangeDefault
	if c.Change&^light != 0 {
		j.need(c, columnReason(c))
		return
	}
	for _, kind := range []schema.ChangeKind{schema.ChangeNull, schema.ChangeDefault, schema.ChangeComment} {
		if !c.Change.Is(kind) {
			continue
		}
		part := &schema.ModifyColumn{From: c.From, To: c.To, Change: kind}
		switch {
		case kind == schema.ChangeComment:
			j.comment(deferral{change: part}, " of column "+c.To.Name, c.From.Attrs, c.To.Attrs)
		case kind == schema.ChangeDefault && c.From.Default == nil:
			j.need(part, "") // no row is rewritten, and who names the column does not notice
		case kind == schema.ChangeNull && c.To.Type.Null:
			j.need(part, columnReason(part))
		default:
			j.postpone(deferral{change: part, reason: columnReason(part)})
		}
	}
}

// dropColumn leaves a column alone that inserts can do without. A newer version added it, or somebody did.
func (j *judge) dropColumn(c *schema.DropColumn) {
	required := slices.ContainsFunc(j.live, func(l liveColumn) bool { return l.name == c.C.Name && l.required() })
	if !required {
		j.leave("column " + c.C.Name)
		return
	}
	j.need(c, fmt.Sprintf("column %s would be dropped with its data: it is NOT NULL without a default, so that every "+
		"insert of this version, which does not know it, would fail", c.C.Name))
}

func (j *judge) addIndex(c *schema.AddIndex) {
	if x := j.table.index(c.I.Name); x != nil {
		j.indexes = append(j.indexes, x)
		return
	}
	j.need(c, fmt.Sprintf("constraint %s would be added", c.I.Name))
}

func (j *judge) dropIndex(c *schema.DropIndex) {
	switch {
	case isConstraint(c.I):
		j.leaveConstraint("constraint " + c.I.Name)
	case c.I.Unique:
		j.leaveConstraint("unique index " + c.I.Name)
	default:
		j.leave("index " + c.I.Name)
	}
}

// modifyIndex is strict only where the index decides which rows the table takes: another one is as good or bad for
// reading until somebody has time to build it again.
func (j *judge) modifyIndex(c *schema.ModifyIndex) {
	if c.Change == schema.ChangeComment {
		j.comment(deferral{change: c}, " of index "+c.To.Name, c.From.Attrs, c.To.Attrs)
		return
	}
	reason := fmt.Sprintf("index %s would be dropped and built again, as its definition differs", c.From.Name)
	drop := "DROP INDEX " + quote(c.From.Name)
	switch x := j.table.index(c.To.Name); {
	case x == nil || isConstraint(c.From):
		j.need(c, reason)
		j.keepComment(c.To)
	case c.From.Unique || c.To.Unique:
		j.drops = append(j.drops, Change{SQL: drop, Refused: []string{j.because(reason)}})
		j.indexes = append(j.indexes, x)
	default:
		j.postpone(deferral{sql: drop, reason: reason}) // BuildIndexes misses it then, and builds it
	}
}

// modifyKey keeps Atlas from rebuilding the key for its comment.
func (j *judge) modifyKey(c *schema.ModifyPrimaryKey) {
	if c.Change == schema.ChangeComment {
		d := deferral{sql: indexComment(c.To)}
		j.comment(d, " of index "+c.To.Name, c.From.Attrs, c.To.Attrs)
		return
	}
	j.need(c, fmt.Sprintf("primary key %s would be dropped and built again", c.From.Name))
	j.keepComment(c.To)
}

// keepComment sets the comment of a constraint's index, which Atlas does not do when it builds it.
func (j *judge) keepComment(x *schema.Index) {
	if commentText(x.Attrs) != "" {
		j.comments = append(j.comments, indexComment(x))
	}
}

func indexComment(x *schema.Index) string {
	return fmt.Sprintf("COMMENT ON INDEX %s IS %s", quote(x.Name), literal(commentText(x.Attrs)))
}

func commentText(attrs []schema.Attr) string {
	for _, a := range attrs {
		if c, ok := a.(*schema.Comment); ok {
			return c.Text
		}
	}
	return ""
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
	case *schema.ModifyCheck:
		return fmt.Sprintf("check %s would change", c.From.Name)
	case *schema.AddForeignKey:
		return fmt.Sprintf("foreign key %s would be added", c.F.Symbol)
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
