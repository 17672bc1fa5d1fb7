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
			"evaluated in; hint: GRANT CREATE ON DATABASE %s TO %s",
			s.target, s.role, quote(s.database), quote(s.role))
	}
	if err := s.settle(ctx, s.lockTimeout); err != nil {
		return nil, err
	}
	plan := &Plan{Schema: s.target}
	if !s.exists {
		plan.Changes = append(plan.Changes, Change{SQL: "CREATE SCHEMA " + quote(s.target)})
	}
	current, err := s.current(ctx)
	if err != nil {
		return nil, err
	}
	done := 0
	for tables := range slices.Chunk(s.source.tables, tablesPerTx) {
		if err := s.compare(ctx, plan, tables, current); err != nil {
			return nil, err
		}
		done += len(tables)
		s.progress("compare", done, len(s.source.tables))
	}
	return plan, s.planInvalid(ctx, plan)
}

// planInvalid adds the indexes whose building was cut off. Atlas takes them for good ones.
func (s *session) planInvalid(ctx context.Context, plan *Plan) error {
	pending, err := s.pendingIndexes(ctx)
	if err != nil {
		return err
	}
	for _, x := range pending {
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
	ctx context.Context, plan *Plan, tables []*table, current map[string]*schema.Table,
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
			c := comparison{session: s, tx: tx, drv: drv, table: t, plan: plan}
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
	plan  *Plan
}

func (c *comparison) run(ctx context.Context, current *schema.Table, desired *schema.Schema) error {
	if current == nil {
		c.add(Change{SQL: c.table.script()})
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
	var j judge
	for _, change := range changes {
		j.add(c.table, change)
	}
	if err := c.addAltered(ctx, want, &j); err != nil {
		return err
	}
	c.plan.Notes = append(c.plan.Notes, j.notes...)
	if j.foreign {
		c.plan.foreign = append(c.plan.foreign, c.table.name)
	}
	return c.addIndexes(ctx, j.indexes)
}

func (c *comparison) add(change Change) {
	change.Table = c.table.name
	c.plan.Changes = append(c.plan.Changes, change)
}

// addAltered has Atlas write the statements of the changes, and marks those that are not additive.
func (c *comparison) addAltered(ctx context.Context, want *schema.Table, j *judge) error {
	for _, drop := range j.drops {
		c.add(drop)
	}
	if len(j.alter) > 0 {
		unqualified := func(o *migrate.PlanOptions) { o.SchemaQualifier = new(string) }
		modify := []schema.Change{&schema.ModifyTable{T: want, Changes: j.alter}}
		planned, err := c.drv.PlanChanges(ctx, c.table.name, modify, unqualified)
		if err != nil {
			return fmt.Errorf("plan table %s: %w", c.table.name, c.hint(err))
		}
		for i, p := range planned.Changes {
			c.add(Change{SQL: p.Cmd, Refused: j.reasonsFor(p.Cmd, i == len(planned.Changes)-1)})
		}
	}
	for _, sql := range j.comments {
		c.add(Change{SQL: sql})
	}
	return nil
}

// addIndexes sorts new indexes by whether start can wait for them.
func (c *comparison) addIndexes(ctx context.Context, indexes []*index) error {
	if len(indexes) == 0 {
		return nil
	}
	var hasRows bool
	row := c.tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM "+quote(c.target, c.table.name)+")")
	if err := row.Scan(&hasRows); err != nil {
		return fmt.Errorf("look for rows in table %s: %w", c.table.name, c.hint(err))
	}
	for _, x := range indexes {
		if hasRows {
			for _, sql := range (pendingIndex{x, indexMissing}).build() {
				c.plan.Indexes = append(c.plan.Indexes, Change{Table: c.table.name, SQL: sql})
			}
			continue
		}
		c.add(Change{SQL: x.create})
		if x.comment != "" {
			c.add(Change{SQL: x.comment})
		}
	}
	return nil
}
