package migrate

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"ariga.io/atlas/sql/migrate"
	"ariga.io/atlas/sql/schema"
)

// errRollback ends a transaction that was meant for nothing but looking.
var errRollback = errors.New("roll back")

// plan compares all tables, slice by slice.
func (s *session) plan(ctx context.Context) (*Plan, error) {
	if !s.mayCreate {
		return nil, fmt.Errorf("compare schema %s: role %s may not create the scratch schema that the files are "+
			"evaluated in; hint: GRANT CREATE ON DATABASE %s TO %s, or migrate as another role and set AUTO_MIGRATE=off",
			s.target, s.role, quote(s.database), quote(s.role))
	}
	if err := s.settle(ctx, s.lockTimeout); err != nil {
		return nil, err
	}
	plan := newPlan(s.target)
	if !s.exists {
		plan.Changes = append(plan.Changes, Change{SQL: "CREATE SCHEMA " + quote(s.target)})
	}
	current, err := s.current(ctx)
	if err != nil {
		return nil, err
	}
	live, err := s.liveColumns(ctx)
	if err != nil {
		return nil, err
	}
	done := 0
	s.progress("compare", done, len(s.source.tables))
	for tables := range slices.Chunk(s.source.tables, tablesPerTx) {
		if err := s.compare(ctx, plan, tables, current, live); err != nil {
			return nil, err
		}
		done += len(tables)
		s.progress("compare", done, len(s.source.tables))
	}
	return plan, s.planInvalid(ctx, plan)
}

// planInvalid adds the indexes whose building was cut off. Atlas takes them for good ones.
func (s *session) planInvalid(ctx context.Context, plan *Plan) error {
	lacking, err := s.lackingIndexes(ctx)
	if err != nil {
		return err
	}
	for _, x := range lacking {
		if x.state == indexInvalid {
			for _, sql := range x.build() {
				plan.Indexes = append(plan.Indexes, Change{Table: x.table, SQL: sql})
			}
		}
	}
	return nil
}

// compare adds to the plan what tables lack. Its transaction leaves nothing behind.
func (s *session) compare(
	ctx context.Context, plan *Plan, tables []*table, current map[string]*schema.Table, live map[string][]liveColumn,
) error {
	scratch := "redis_postgres_sync_" + strings.ToLower(rand.Text())
	err := s.tx(ctx, scratch, func(tx *sql.Tx) error {
		drv, err := newDriver(tx)
		if err != nil {
			return err
		}
		desired, err := s.desired(ctx, tx, drv, scratch, tables)
		if err != nil {
			return err
		}
		desired.Name = s.target
		for _, t := range tables {
			c := comparison{session: s, tx: tx, drv: drv, table: t, live: live[t.name], plan: plan}
			if err := c.run(ctx, current[t.name], desired); err != nil {
				return err
			}
		}
		return errRollback
	})
	if errors.Is(err, errRollback) {
		return nil
	}
	return err
}

// comparison is that of one table.
type comparison struct {
	*session
	tx    *sql.Tx
	drv   migrate.Driver
	table *table
	live  []liveColumn
	plan  *Plan
}

func (c *comparison) run(ctx context.Context, current *schema.Table, desired *schema.Schema) error {
	if current == nil {
		c.plan.Changes = append(c.plan.Changes, Change{Table: c.table.name, SQL: c.table.script()})
		return nil
	}
	want, ok := desired.Table(c.table.name)
	if !ok {
		return fmt.Errorf("evaluate table %s of schema file %s: it made no table", c.table.name, c.table.file)
	}
	changes, err := c.drv.TableDiff(current, want)
	if err != nil {
		return fmt.Errorf("compare table %s: %w", c.table.name, c.hint(err))
	}
	j := judge{table: c.table, live: c.live}
	for _, change := range changes {
		j.add(change)
	}
	if err := c.addAltered(ctx, want, &j); err != nil {
		return err
	}
	for _, d := range j.deferred {
		if err := c.postpone(ctx, want, d); err != nil {
			return err
		}
	}
	c.plan.Notes = append(c.plan.Notes, j.notes...)
	if j.foreign {
		c.plan.foreign = append(c.plan.foreign, c.table.name)
	}
	c.addIndexes(j.indexes)
	return nil
}

// add adds a change of a table that exists.
func (c *comparison) add(change Change) {
	change.Table, change.alters = c.table.name, true
	c.plan.Changes = append(c.plan.Changes, change)
}

// addAltered has Atlas write the statements of the changes, and marks those that are not additive.
func (c *comparison) addAltered(ctx context.Context, want *schema.Table, j *judge) error {
	for _, drop := range j.drops {
		c.add(drop)
	}
	stmts, err := c.statements(ctx, want, j.alter...)
	if err != nil {
		return err
	}
	for i, sql := range stmts {
		c.add(Change{SQL: sql, Refused: j.reasonsFor(sql, i == len(stmts)-1)})
	}
	for _, sql := range j.comments {
		c.add(Change{SQL: sql})
	}
	return nil
}

// statements has Atlas write the changes of the table.
func (c *comparison) statements(
	ctx context.Context, want *schema.Table, changes ...schema.Change,
) ([]string, error) {
	if len(changes) == 0 {
		return nil, nil
	}
	unqualified := func(o *migrate.PlanOptions) { o.SchemaQualifier = new(string) }
	modify := []schema.Change{&schema.ModifyTable{T: want, Changes: changes}}
	planned, err := c.drv.PlanChanges(ctx, c.table.name, modify, unqualified)
	if err != nil {
		return nil, fmt.Errorf("plan table %s: %w", c.table.name, c.hint(err))
	}
	stmts := make([]string, len(planned.Changes))
	for i, p := range planned.Changes {
		stmts[i] = p.Cmd
	}
	return stmts, nil
}

// postpone adds what this version works without. All of it is one change, so that all of it or nothing is done.
func (c *comparison) postpone(ctx context.Context, want *schema.Table, d deferral) error {
	stmts := []string{d.sql}
	if d.change != nil {
		var err error
		if stmts, err = c.statements(ctx, want, d.change); err != nil {
			return err
		}
	}
	change := Change{Table: c.table.name, SQL: strings.Join(stmts, ";\n"), alters: true}
	if d.reason != "" {
		change.Refused = []string{d.reason}
	}
	c.plan.Deferred = append(c.plan.Deferred, change)
	return nil
}

// addIndexes leaves the indexes of a table that exists to BuildIndexes: it may be empty now and filled when the plan is
// carried out.
func (c *comparison) addIndexes(indexes []*index) {
	for _, x := range indexes {
		for _, sql := range (pendingIndex{index: x}).build() {
			c.plan.Indexes = append(c.plan.Indexes, Change{Table: c.table.name, SQL: sql})
		}
	}
}
