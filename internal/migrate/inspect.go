package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"ariga.io/atlas/sql/migrate"
	"ariga.io/atlas/sql/postgres"
	"ariga.io/atlas/sql/schema"
)

// inspectMode leaves out what the files cannot declare.
const inspectMode = schema.InspectSchemas | schema.InspectTables

// inspector carries Atlas' queries, and keeps two of them from being planned badly. Those for columns and indexes join
// views over whole catalogs (defaults, constraints), and where the planner expects one row, as it does of tables that
// are a moment old, it walks those again for each row: minutes with 2,500 tables. Without nested loops it does so once.
type inspector struct {
	*sql.Tx
	hashed bool
}

func (i *inspector) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	hashed := strings.Contains(query, "jsonb_object_agg(conname") || strings.Contains(query, `"information_schema"."columns"`)
	if hashed != i.hashed {
		if _, err := i.ExecContext(ctx, fmt.Sprintf("SET LOCAL enable_nestloop = %t", !hashed)); err != nil {
			return nil, err
		}
		i.hashed = hashed
	}
	return i.Tx.QueryContext(ctx, query, args...)
}

func newDriver(tx *sql.Tx) (migrate.Driver, error) {
	drv, err := postgres.Open(&inspector{Tx: tx})
	if err != nil {
		return nil, fmt.Errorf("open Atlas driver: %w", err)
	}
	return drv, nil
}

// desired replays the tables' SQL into the scratch schema and inspects what came of it.
func (s *session) desired(
	ctx context.Context, tx *sql.Tx, drv migrate.Driver, scratch string, tables []*table,
) (*schema.Schema, error) {
	if _, err := tx.ExecContext(ctx, "CREATE SCHEMA "+quote(scratch)); err != nil {
		return nil, fmt.Errorf("create scratch schema: %w", s.hint(err))
	}
	for _, t := range tables {
		if _, err := tx.ExecContext(ctx, t.script(), script); err != nil {
			return nil, fmt.Errorf("evaluate table %s of schema file %s: %w", t.name, t.file, s.hint(err))
		}
	}
	got, err := drv.InspectSchema(ctx, scratch, &schema.InspectOptions{Mode: inspectMode})
	if err != nil {
		return nil, fmt.Errorf("inspect desired tables: %w", s.hint(err))
	}
	return got, nil
}

// current inspects those of our tables that are there, and only them. It takes no locks to speak of, so one
// transaction does for all.
func (s *session) current(ctx context.Context) (map[string]*schema.Table, error) {
	live, err := s.relations(ctx)
	if err != nil || len(live) == 0 { // Atlas would take no names for all tables
		return nil, err
	}
	if err := errors.Join(s.checkKinds(live), s.checkVisible(ctx)); err != nil {
		return nil, err
	}
	names := slices.Sorted(maps.Keys(live))
	found := map[string]*schema.Table{}
	err = s.tx(ctx, s.target, func(tx *sql.Tx) error {
		drv, err := newDriver(tx)
		if err != nil {
			return err
		}
		got, err := drv.InspectSchema(ctx, s.target, &schema.InspectOptions{Mode: inspectMode, Tables: names})
		if err != nil {
			return fmt.Errorf("inspect tables of schema %s: %w", s.target, s.hint(err))
		}
		for _, t := range got.Tables {
			found[t.Name] = t
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if found[name] == nil {
			return nil, fmt.Errorf("inspect table %s of schema %s: Atlas does not see it, though it is there; "+
				"hint: it must be no partition and belong to no extension", name, s.target)
		}
	}
	return found, nil
}
