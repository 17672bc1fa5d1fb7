package pg

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// table is the part of a batch that goes into one table, in the order of the key.
type table struct {
	*event.Definition
	items []*event.Item
}

// byTable sorts items by table and key: every writer inserts in this order, so that two cannot wait for each other.
// Items of one key keep their order.
func byTable(items []event.Item) []table {
	sorted := pointers(items)
	if !slices.IsSortedFunc(sorted, compareRows) { // as those of one table are that come in the order of the chain
		slices.SortStableFunc(sorted, compareRows)
	}
	var tables []table
	for _, item := range sorted {
		if n := len(tables); n == 0 || tables[n-1].Table != definition(item).Table {
			tables = append(tables, table{Definition: definition(item)})
		}
		last := &tables[len(tables)-1]
		last.items = append(last.items, item)
	}
	return tables
}

func compareRows(a, b *event.Item) int {
	if a.Definition != b.Definition {
		if c := cmp.Compare(definition(a).Table, definition(b).Table); c != 0 {
			return c
		}
	}
	if c := compareKeys(a, b); c != 0 {
		return c
	}
	return a.SignatureHash.Cmp(b.SignatureHash) // which is in the key of generic_events
}

func pointers(items []event.Item) []*event.Item {
	all := make([]*event.Item, len(items))
	for i := range items {
		all[i] = &items[i]
	}
	return all
}

func definition(item *event.Item) *event.Definition {
	if item.Definition == nil {
		return generic
	}
	return item.Definition
}

func compareKeys(a, b *event.Item) int {
	return a.Row.Metadata().Key().Compare(b.Row.Metadata().Key())
}

// copyRows inserts rows that are all new, which those of nearly every batch are.
func copyRows(ctx context.Context, tx pgx.Tx, tables []table) (placed, error) {
	var p placed
	for _, t := range tables {
		if err := copyItems(ctx, tx, t.Table, t.Columns(), t.items); err != nil {
			return placed{}, fmt.Errorf("copy into %s: %w", t.Table, err)
		}
		p.count(t.Table, len(t.items), 0)
	}
	return p, nil
}

// errSuppressed is the error of rows that PostgreSQL has taken and not written.
var errSuppressed = errors.New("a trigger has left rows out; hint: a BEFORE INSERT trigger must not return NULL for the rows " +
	"of these tables, whose events would be lost")

// errUnfilled is the error of rows that lack what PostgreSQL was to fill in.
var errUnfilled = errors.New("a trigger keeps rows from being filled; hint: a trigger before INSERT or UPDATE must leave a column " +
	"that is NULL to what a later message knows of it")

// copyItems inserts rows with COPY: one whose key stands already fails them all with a unique violation. Names are the
// generator's.
func copyItems(ctx context.Context, tx pgx.Tx, into string, columns []string, items []*event.Item) error {
	sql := fmt.Sprintf("COPY %s (%s) FROM STDIN (FORMAT binary)", into, strings.Join(columns, ", "))
	tag, err := tx.Conn().PgConn().CopyFrom(ctx, newEncoded(items, len(columns)), sql)
	if err == nil && tag.RowsAffected() != int64(len(items)) {
		err = errSuppressed
	}
	return err
}

// encoded are rows in the format of COPY, made as they are read: a batch can be large.
type encoded struct {
	items   []*event.Item // that are still to come
	columns int
	to      event.Encoder
	ready   []byte // and not read yet
	ended   bool
}

func newEncoded(items []*event.Item, columns int) *encoded {
	e := &encoded{items: items, columns: columns}
	e.to.Begin()
	return e
}

// Read implements io.Reader.
func (e *encoded) Read(p []byte) (int, error) {
	if len(e.ready) == 0 {
		e.fill(len(p))
	}
	if len(e.ready) == 0 {
		return 0, io.EOF
	}
	n := copy(p, e.ready)
	e.ready = e.ready[n:]
	return n, nil
}

// fill makes some bytes ready, at the end none.
func (e *encoded) fill(most int) {
	for len(e.items) > 0 && e.to.Len() < most {
		e.to.Row(e.columns)
		e.items[0].Row.Encode(&e.to)
		e.items = e.items[1:]
	}
	if len(e.items) == 0 && !e.ended {
		e.to.End()
		e.ended = true
	}
	e.ready = e.to.Take()
}

// stages are the tables whose temporary table a transaction has filled.
type stages map[string]bool

// mergeRows inserts rows of which some may stand already.
func mergeRows(ctx context.Context, tx pgx.Tx, filled stages, tables []table) (placed, error) {
	var p placed
	for _, t := range tables {
		for _, round := range rounds(t.items) {
			merged, err := filled.merge(ctx, tx, t.Definition, round)
			if err != nil {
				return placed{}, fmt.Errorf("merge into %s: %w", t.Table, err)
			}
			p.count(t.Table, int(merged.Inserted), len(round)-int(merged.Inserted)-len(merged.Conflicts))
			for _, key := range merged.Conflicts {
				i, _ := slices.BinarySearchFunc(round, key, func(item *event.Item, k event.Key) int {
					return item.Row.Metadata().Key().Compare(k)
				})
				p.letters = append(p.letters, conflict(round[i], t.Table))
			}
		}
	}
	return p, nil
}

// merge inserts rows of one table, of which some may stand already.
func (s stages) merge(ctx context.Context, tx pgx.Tx, d *event.Definition, items []*event.Item) (event.Merged, error) {
	stage := d.Table + "_stage"
	if err := s.empty(ctx, tx, d.Table); err != nil {
		return event.Merged{}, err
	}
	if err := copyItems(ctx, tx, stage, d.Columns(), items); err != nil {
		return event.Merged{}, fmt.Errorf("copy into %s: %w", stage, err)
	}
	merged, err := d.Handler.Merge(ctx, tx, len(items))
	switch {
	case err != nil:
		return event.Merged{}, err
	case merged.Unfilled:
		return event.Merged{}, errUnfilled
	case int(merged.Inserted) < len(items):
		return merged, allStand(ctx, tx, d)
	}
	return merged, nil
}

// allStand returns errSuppressed if staged rows are not in their table, which only a trigger can bring about. Where there is
// none, that is not looked at. Names are the generator's.
func allStand(ctx context.Context, tx pgx.Tx, d *event.Definition) error {
	const rowBeforeInsert = 1 | 2 | 4 // TRIGGER_TYPE_ROW, _BEFORE and _INSERT
	key := "network, block_number, log_index, transaction_hash"
	if d == generic {
		key += ", event_signature_hash"
	}
	sql := fmt.Sprintf(`SELECT CASE WHEN EXISTS (
			SELECT FROM pg_trigger
			WHERE tgrelid IN (SELECT '%s'::regclass UNION ALL SELECT relid FROM pg_partition_tree('%[1]s'))
				AND NOT tgisinternal AND tgtype & $1 = $1
		) THEN EXISTS (
			SELECT FROM %[1]s_stage LEFT JOIN %[1]s AS t USING (%[2]s) WHERE t.network IS NULL
		) ELSE false END`, d.Table, key)
	var missing bool
	if err := tx.QueryRow(ctx, sql, rowBeforeInsert).Scan(&missing); err != nil {
		return fmt.Errorf("look for rows that are missing: %w", err)
	}
	if missing {
		return errSuppressed
	}
	return nil
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

// empty makes the session's temporary table for merging into a table, or empties it, and has the rest of the transaction find rows by
// their keys. The temporary table's rows go at the end of each transaction; within one it is truncated, because rows that are only
// deleted are read again and again. Names are the generator's.
func (s stages) empty(ctx context.Context, tx pgx.Tx, table string) error {
	sql := fmt.Sprintf("CREATE TEMPORARY TABLE IF NOT EXISTS %s_stage (LIKE %[1]s INCLUDING DEFAULTS) "+
		"ON COMMIT DELETE ROWS", table)
	if s[table] {
		sql += fmt.Sprintf("; TRUNCATE %s_stage", table)
	}
	// A session keeps the plans of a merge. One that was made while the table was tiny would read all of it for each row. And
	// the temporary table can only be read as a whole, which then seems so dear that the queries would be compiled.
	sql += "; SET LOCAL enable_seqscan = off; SET LOCAL jit = off"
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
