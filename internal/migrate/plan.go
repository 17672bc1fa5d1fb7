package migrate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Plan is what a schema lacks, in the order in which Apply does it. Statements carry no schema: Apply runs them with
// the target schema as search_path.
type Plan struct {
	Schema  string   `json:"schema"`
	Changes []Change `json:"changes"`
	// Deferred is what differs and what this version works without: a comment, a default, an index of another shape. A
	// start leaves it, because another version may run at the same time and want it as it stands. An Apply that is told
	// to compare in full does what is additive of it, one with AllowDestructive all.
	Deferred []Change `json:"deferred"`
	// Indexes are those of tables that exist. BuildIndexes builds them while the service runs.
	Indexes []Change `json:"indexes"`
	// Notes name what the files do not have and what is left alone, such as a column or an index that a newer version
	// or somebody added.
	Notes []string `json:"notes"`

	foreign []string // tables whose columns are text where ours are bytea
}

// Change is one step for one table: all of its SQL for a new table, else one statement.
type Change struct {
	Table string `json:"table"` // empty where a schema is created
	SQL   string `json:"sql"`
	// Refused says, for each part of the statement that is not additive, what it would do. Empty: it is additive.
	Refused []string `json:"refused,omitempty"`

	alters bool // a table that exists
}

// newPlan has no field that JSON shows as null.
func newPlan(schema string) *Plan {
	return &Plan{Schema: schema, Changes: []Change{}, Deferred: []Change{}, Indexes: []Change{}, Notes: []string{}}
}

// Empty reports whether the schema is as desired, but for indexes still to be built.
func (p *Plan) Empty() bool { return len(p.Changes) == 0 }

// Refused returns why Apply would not run the plan by itself, or nil where it is additive.
func (p *Plan) Refused() *RefusedError {
	if len(p.reasons()) == 0 {
		return nil
	}
	return &RefusedError{Plan: p, Foreign: p.foreign}
}

// refusal is Refused for an Apply with options.
func (p *Plan) refusal(o applyOptions) error {
	refused := p.Refused()
	if refused == nil || o.destructive && len(refused.Foreign) == 0 {
		return nil
	}
	return refused
}

// take makes changes of what was deferred, as far as the options ask for it. The changes of a table stay together.
func (p *Plan) take(o applyOptions, tables []*table) {
	if !o.full {
		return
	}
	order := map[string]int{} // a change without a table is the first
	for i, t := range tables {
		order[t.name] = i + 1
	}
	left := []Change{}
	for _, c := range p.Deferred {
		if len(c.Refused) > 0 && !o.destructive {
			left = append(left, c)
			continue
		}
		p.Changes = append(p.Changes, c)
	}
	p.Deferred = left
	slices.SortStableFunc(p.Changes, func(a, b Change) int { return cmp.Compare(order[a.Table], order[b.Table]) })
}

func (p *Plan) reasons() []string {
	var all []string
	for _, c := range p.Changes {
		all = append(all, c.Refused...)
	}
	return all
}

// String prints the plan as SQL for people, or "nothing to do".
func (p *Plan) String() string {
	var b strings.Builder
	if len(p.Changes)+len(p.Indexes) == 0 {
		b.WriteString("nothing to do\n")
	}
	for _, c := range p.Changes {
		for _, reason := range c.Refused {
			fmt.Fprintf(&b, "-- NOT ADDITIVE: %s\n", reason)
		}
		fmt.Fprintf(&b, "%s;\n\n", c.SQL)
	}
	if len(p.Indexes) > 0 {
		b.WriteString("-- built while the service runs:\n")
	}
	for _, c := range p.Indexes {
		fmt.Fprintf(&b, "%s;\n", c.SQL)
	}
	for _, c := range p.Deferred {
		fmt.Fprintf(&b, "-- left to %s, as this version works without:\n--   %s\n",
			c.command(), strings.ReplaceAll(c.SQL, "\n", "\n--   "))
	}
	for _, note := range p.Notes {
		fmt.Fprintf(&b, "-- left alone: %s\n", note)
	}
	return strings.TrimRight(b.String(), "\n")
}

// command is what runs a deferred change.
func (c Change) command() string {
	if len(c.Refused) > 0 {
		return "migrate apply --allow-destructive"
	}
	return "migrate apply"
}

// RefusedError is a plan that would drop or rewrite something, and was therefore not applied.
type RefusedError struct {
	Plan *Plan
	// Foreign are tables of the earlier service in Rust, which stored text where bytea is wanted. No ALTER TABLE makes
	// the one of the other, so AllowDestructive does not help.
	Foreign []string
}

// Error prints the reasons, the whole plan and the ways out.
func (e *RefusedError) Error() string {
	var b strings.Builder
	reasons := e.Plan.reasons()
	fmt.Fprintf(&b, "apply plan to schema %s: refused, %d of its changes are not additive:\n", e.Plan.Schema, len(reasons))
	for _, reason := range reasons {
		fmt.Fprintf(&b, "  - %s\n", reason)
	}
	fmt.Fprintf(&b, "the whole plan:\n\n%s\n\n", e.Plan)
	if len(e.Foreign) > 0 {
		fmt.Fprintf(&b, "schema %s holds the tables of the earlier service in Rust (%s): text where bytea is wanted; "+
			"hint: use another schema (?search_path=name in DATABASE_URL) or another database; "+
			"docs/from-rust.md shows how to move the rows", e.Plan.Schema, strings.Join(e.Foreign, ", "))
		return b.String()
	}
	b.WriteString("hint: after a backup, this runs it: redis-postgres-sync migrate apply --allow-destructive")
	return b.String()
}
