package pg

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// table is the part of a batch that goes into one table, in the order of the key.
type table struct {
	name    string
	handler event.Handler
	items   []*event.Item
}

// byTable sorts items by table and key: every writer inserts in this order, so that two cannot wait for each other.
// Items of one key keep their order.
func byTable(items []event.Item) []table {
	sorted := pointers(items)
	slices.SortStableFunc(sorted, func(a, b *event.Item) int {
		return cmp.Or(
			cmp.Compare(tableName(a), tableName(b)),
			compareKeys(a, b),
			a.SignatureHash.Cmp(b.SignatureHash), // which is in the key of generic_events
		)
	})
	var tables []table
	for _, item := range sorted {
		if n := len(tables); n == 0 || tables[n-1].name != tableName(item) {
			tables = append(tables, table{name: tableName(item), handler: handler(item)})
		}
		last := &tables[len(tables)-1]
		last.items = append(last.items, item)
	}
	return tables
}

func pointers(items []event.Item) []*event.Item {
	all := make([]*event.Item, len(items))
	for i := range items {
		all[i] = &items[i]
	}
	return all
}

func tableName(item *event.Item) string {
	if item.Definition == nil {
		return genericTable
	}
	return item.Definition.Table
}

func handler(item *event.Item) event.Handler {
	if item.Definition == nil {
		return genericHandler{}
	}
	return item.Definition.Handler
}

func compareKeys(a, b *event.Item) int {
	return a.Row.Metadata().Key().Compare(b.Row.Metadata().Key())
}

func rowsOf(items []*event.Item) []event.Row {
	rows := make([]event.Row, len(items))
	for i, item := range items {
		rows[i] = item.Row
	}
	return rows
}

// copyRows inserts rows that are all new, which those of nearly every batch are.
func copyRows(ctx context.Context, tx pgx.Tx, tables []table) (placed, error) {
	var p placed
	for _, t := range tables {
		if err := t.handler.Copy(ctx, tx, rowsOf(t.items)); err != nil {
			return placed{}, fmt.Errorf("copy into %s: %w", t.name, err)
		}
		p.count(t.name, len(t.items), 0)
	}
	return p, nil
}

// stages are the tables whose temporary table a transaction has filled.
type stages map[string]bool

// mergeRows inserts rows of which some may stand already.
func mergeRows(ctx context.Context, tx pgx.Tx, filled stages, tables []table) (placed, error) {
	var p placed
	for _, t := range tables {
		for _, round := range rounds(t.items) {
			if err := filled.empty(ctx, tx, t.name); err != nil {
				return placed{}, err
			}
			merged, err := t.handler.Merge(ctx, tx, rowsOf(round))
			if err != nil {
				return placed{}, fmt.Errorf("merge into %s: %w", t.name, err)
			}
			p.count(t.name, int(merged.Inserted), len(round)-int(merged.Inserted)-len(merged.Conflicts))
			for _, key := range merged.Conflicts {
				i, _ := slices.BinarySearchFunc(round, key, func(item *event.Item, k event.Key) int {
					return item.Row.Metadata().Key().Compare(k)
				})
				p.letters = append(p.letters, conflict(round[i], t.name))
			}
		}
	}
	return p, nil
}

func conflict(item *event.Item, table string) event.DeadLetter {
	m := item.Row.Metadata()
	return item.Letter(event.ReasonKeyConflict, fmt.Sprintf(
		"another event stands in %s under network %s, block %d, log index %d, transaction %s",
		table, m.Network, m.BlockNumber, m.LogIndex, m.TransactionHash))
}

// rounds splits sorted items so that no key occurs twice in a round: the second event of a key meets the first as
// one that stands.
func rounds(items []*event.Item) [][]*event.Item {
	var all [][]*event.Item
	nth := 0
	for i, item := range items {
		if nth++; i == 0 || compareKeys(items[i-1], item) != 0 {
			nth = 0
		}
		if nth == len(all) {
			all = append(all, nil)
		}
		all[nth] = append(all[nth], item)
	}
	return all
}

// empty makes the session's temporary table for merging into a table, or empties it. Its rows go at the end of each
// transaction; within one it is truncated, because rows that are only deleted are read again and again. Names are the
// generator's.
func (s stages) empty(ctx context.Context, tx pgx.Tx, table string) error {
	sql := fmt.Sprintf("CREATE TEMPORARY TABLE IF NOT EXISTS %s_stage (LIKE %[1]s INCLUDING DEFAULTS) "+
		"ON COMMIT DELETE ROWS", table)
	if s[table] {
		sql += fmt.Sprintf("; TRUNCATE %s_stage", table)
	}
	s[table] = true
	if _, err := tx.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol); err != nil {
		return fmt.Errorf("make temporary table %s_stage: %w", table, err)
	}
	return nil
}

// inOrder returns the items of all tables in the order in which they are written.
func inOrder(tables []table) []event.Item {
	var items []event.Item
	for _, t := range tables {
		for _, item := range t.items {
			items = append(items, *item)
		}
	}
	return items
}

// isolate finds the items that PostgreSQL refuses by halving, each try under a savepoint, and makes dead letters of
// them. All others become rows. Items must be in order, so that the halves take their locks as other writers do.
func (w *Writer) isolate(
	ctx context.Context, tx pgx.Tx, filled stages, batch *event.Batch, items []event.Item,
) (placed, error) {
	if len(items) == 0 {
		return placed{}, nil
	}
	var p placed
	err := underSavepoint(ctx, tx, func() (err error) {
		p, err = mergeRows(ctx, tx, filled, byTable(items))
		return err
	})
	switch {
	case err == nil:
		return p, nil
	case !w.isData(err, batch):
		return placed{}, err
	case len(items) == 1:
		letter := items[0].Letter(event.ReasonRejected, "")
		letter.SQLState, letter.Detail = explain(err)
		return placed{letters: []event.DeadLetter{letter}}, nil
	}
	half := len(items) / 2
	left, err := w.isolate(ctx, tx, filled, batch, items[:half])
	if err != nil {
		return placed{}, err
	}
	right, err := w.isolate(ctx, tx, filled, batch, items[half:])
	if err != nil {
		return placed{}, err
	}
	left.add(right)
	return left, nil
}

// underSavepoint undoes what do has done where it fails. The savepoint is released either way, which a nested
// transaction of pgx leaves out after a failure: they would nest deeper with each.
func underSavepoint(ctx context.Context, tx pgx.Tx, do func() error) error {
	if _, err := tx.Exec(ctx, "SAVEPOINT try"); err != nil {
		return fmt.Errorf("make savepoint: %w", err)
	}
	end := "RELEASE SAVEPOINT try"
	failed := do()
	if failed != nil {
		end = "ROLLBACK TO SAVEPOINT try; RELEASE SAVEPOINT try"
	}
	if _, err := tx.Exec(ctx, end, pgx.QueryExecModeSimpleProtocol); err != nil {
		return fmt.Errorf("end savepoint: %w", errors.Join(err, failed))
	}
	return failed
}
