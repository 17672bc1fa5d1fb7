package pg_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/db"
	"github.com/redis-postgres-sync/redis-postgres-sync/gen/events"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv/tables"
)

func TestWriter(t *testing.T) {
	t.Parallel()
	pool := newDatabase(t)
	t.Run("writes new rows exactly", func(t *testing.T) {
		f := newFixture(t, pool)
		f.write(counts{Inserted: 1}, f.deposited(7, 3))
		rows, err := db.New(pool).DepositedEventsByBlocks(t.Context(), db.DepositedEventsByBlocksParams{
			Network: f.network, FromBlock: 7, ToBlock: 7, PageSize: 10,
		})
		if err != nil || len(rows) != 1 {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		got := rows[0]
		if time.Since(got.CreatedAt).Abs() > time.Hour {
			t.Errorf("created at %v", got.CreatedAt)
		}
		at := got.BlockTimestamp.UTC()
		got.BlockTimestamp, got.CreatedAt = &at, time.Time{}
		meta, all := f.meta(7, 3), new(uint256.Int).SetAllOne()
		want := db.DepositedEvents{
			TransactionHash: meta.TransactionHash[:], LogIndex: 3, Network: f.network, ChainID: meta.ChainID,
			Address: meta.Address[:], BlockNumber: 7, BlockHash: meta.BlockHash[:], BlockTimestamp: meta.BlockTimestamp,
			TransactionIndex: 3,
			Sender:           common.Address{2}.Bytes(), Receiver: common.Address{3}.Bytes(), TermID: number(7).Bytes(),
			CurveID: event.Unsigned64(1), Assets: event.Unsigned64(7), TotalShares: event.Unsigned(*all), VaultType: 1,
		}
		if fmt.Sprintf("%+v", pointed(got)) != fmt.Sprintf("%+v", pointed(want)) {
			t.Errorf("got  %+v\nwant %+v", pointed(got), pointed(want))
		}
	})
	t.Run("an empty batch", func(t *testing.T) {
		f := newFixture(t, pool)
		f.write(counts{})
	})
	t.Run("a replayed batch changes nothing", func(t *testing.T) {
		f := newFixture(t, pool)
		items := f.many(50, 100)
		f.write(counts{Inserted: 50}, items...)
		before := f.physical("deposited_events")
		f.write(counts{Duplicates: 50}, items...)
		f.write(counts{Duplicates: 50}, f.again(items)...)
		if !slices.Equal(f.physical("deposited_events"), before) {
			t.Error("rows were touched")
		}
		f.want(letters)
	})
	t.Run("a batch of which half is new", func(t *testing.T) {
		f := newFixture(t, pool)
		items := f.many(40, 100)
		f.write(counts{Inserted: 20}, items[10:30]...)
		before := f.physical("deposited_events")
		f.write(counts{Inserted: 20, Duplicates: 20}, items...)
		if !slices.Equal(f.physical("deposited_events")[:20], before) {
			t.Error("rows that stood were touched")
		}
		f.wantRows("deposited_events", 40)
	})
	t.Run("duplicates within one batch", func(t *testing.T) {
		f := newFixture(t, pool)
		items := f.many(5, 100)
		f.write(counts{Inserted: 5, Duplicates: 10}, slices.Concat(items, f.again(items), f.again(items))...)
		f.wantRows("deposited_events", 5)
		f.want(letters)
	})
	t.Run("merges from the first duplicate to the end of a replay", func(t *testing.T) {
		f := newFixture(t, pool)
		items := f.many(50, 100)
		var sent int
		for i := range items {
			items[i].Row = countEncodings{items[i].Row, &sent}
		}
		for _, step := range []struct {
			items []event.Item
			want  counts
			sent  int // rows
		}{
			{items[:10], counts{Inserted: 10}, 10},
			{items[:10], counts{Duplicates: 10}, 20}, // copied in vain, and merged
			{items[5:15], counts{Inserted: 5, Duplicates: 5}, 10},
			{items[15:20], counts{Inserted: 5}, 5},
			{items[20:], counts{Inserted: 30}, 30},
		} {
			sent = 0
			f.write(step.want, step.items...)
			if sent != step.sent {
				t.Fatalf("%d rows were sent, want %d", sent, step.sent)
			}
		}
		f.wantRows("deposited_events", 50)
	})
	t.Run("several tables and generic events in one batch", func(t *testing.T) {
		f := newFixture(t, pool)
		items := []event.Item{
			f.deposited(2, 0),
			f.item("transfer_events", &events.Transfer{Meta: f.meta(2, 1)}),
			f.generic(2, 2, number(9), `{"a": 1}`),
			f.item("erc721_transfer_events", &events.ERC721Transfer{Meta: f.meta(2, 3)}),
			f.deposited(1, 0),
		}
		f.write(counts{Inserted: 5}, items...)
		f.write(counts{Duplicates: 5}, items...)
		for table, want := range map[string]int{
			"deposited_events": 2, "transfer_events": 1, "erc721_transfer_events": 1, "generic_events": 1,
		} {
			f.wantRows(table, want)
		}
	})
	t.Run("one transaction hash on two networks", func(t *testing.T) {
		f := newFixture(t, pool)
		here, there := f.deposited(1, 0), f.deposited(1, 0, func(d *events.Deposited) { d.Network += "_other" })
		f.write(counts{Inserted: 2}, here, there)
		f.wantRows("deposited_events", 1)
	})
	t.Run("fills what was not known, and overwrites nothing", func(t *testing.T) {
		f := newFixture(t, pool)
		bare := f.deposited(1, 0, func(d *events.Deposited) { d.ChainID, d.BlockTimestamp = nil, nil })
		full := f.deposited(1, 0)
		other := f.deposited(1, 0, func(d *events.Deposited) {
			id, at := int64(7), time.Unix(0, 0)
			d.ChainID, d.BlockTimestamp = &id, &at
		})
		const known = `SELECT concat_ws(' ', chain_id, extract(epoch FROM block_timestamp)::bigint)
			FROM deposited_events WHERE network = $1`
		f.write(counts{Inserted: 1}, bare)
		f.want(known, "")
		f.write(counts{Duplicates: 1}, full)
		f.want(known, "1155 1700000001")
		before := f.physical("deposited_events")
		f.write(counts{Duplicates: 1}, bare)
		f.write(counts{Duplicates: 1}, other)
		if !slices.Equal(f.physical("deposited_events"), before) {
			t.Error("what was known was overwritten")
		}
		f.want(letters)
	})
	t.Run("fills one and leaves the other", func(t *testing.T) {
		f := newFixture(t, pool)
		id, at := int64(7), time.Unix(0, 0)
		f.write(counts{Inserted: 2},
			f.deposited(1, 0, func(d *events.Deposited) { d.ChainID = nil }),
			f.deposited(1, 1, func(d *events.Deposited) { d.BlockTimestamp = nil }))
		f.write(counts{Duplicates: 2},
			f.deposited(1, 0, func(d *events.Deposited) { d.BlockTimestamp = &at }),
			f.deposited(1, 1, func(d *events.Deposited) { d.ChainID = &id }))
		f.want(`SELECT concat_ws(' ', chain_id, extract(epoch FROM block_timestamp)::bigint)
			FROM deposited_events WHERE network = $1 ORDER BY log_index`, "1155 1700000001", "1155 1700000001")
	})
	t.Run("fills within one batch", func(t *testing.T) {
		f := newFixture(t, pool)
		bare := f.generic(1, 0, number(9), `{}`)
		bare.Row.Metadata().BlockTimestamp = nil
		f.write(counts{Inserted: 1, Duplicates: 1}, bare, f.generic(1, 0, number(9), `{}`))
		f.want("SELECT extract(epoch FROM block_timestamp)::bigint::text FROM generic_events WHERE network = $1", "1700000001")
	})
}

// pointed returns a row with its pointers resolved, for comparison by way of its text.
func pointed(row db.DepositedEvents) any {
	type plain struct {
		db.DepositedEvents
		chainID   int64
		timestamp time.Time
	}
	p := plain{DepositedEvents: row}
	if row.ChainID != nil && row.BlockTimestamp != nil {
		p.chainID, p.timestamp = *row.ChainID, *row.BlockTimestamp
	}
	p.ChainID, p.BlockTimestamp = nil, nil
	return p
}

// TestWriterCopies: new rows go straight into their table. The temporary table of a merge tells when they did not.
func TestWriterCopies(t *testing.T) {
	f := newFixture(t, newDatabase(t))
	const merged = "SELECT relname::text FROM pg_class WHERE relname = 'deposited_events_stage' AND $1 <> ''"
	items := f.many(20, 1)
	f.write(counts{Inserted: 20}, items...)
	f.want(merged)
	f.write(counts{Duplicates: 20}, items...)
	f.want(merged, "deposited_events_stage")
}

// TestWritersAtOnce: writers that merge the same rows in different orders wait for each other, and never deadlock.
func TestWritersAtOnce(t *testing.T) {
	t.Parallel()
	pool := newDatabase(t)
	if _, err := pool.Exec(t.Context(), "ALTER TABLE deposited_events ADD CHECK (vault_type <> 13)"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name     string
		standing int // rows that stand already, so that the writers merge from the start
		refused  int
	}{
		{"new rows", 0, 0},
		{"rows of which half stand", 100, 0},
		{"rows of which some are refused", 0, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t, pool)
			items := f.many(200, 1)
			for i := 0; i < len(items); i += 4 {
				meta := *items[i].Row.Metadata()
				items[i] = f.item("transfer_events", &events.Transfer{Meta: meta})
			}
			for i := range c.refused {
				items[4*i+1].Row.(*events.Deposited).VaultType = 13
			}
			if c.standing > 0 {
				f.write(counts{Inserted: c.standing}, items[:c.standing]...)
				f.exec("UPDATE deposited_events SET chain_id = NULL WHERE log_index % 3 = 0 AND network = '" + f.network + "'") // to be filled
			}
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			var inserted, dead [4]int
			var group errgroup.Group
			for w := range inserted {
				rng := rand.New(rand.NewPCG(seed, uint64(w)))
				mine := slices.Clone(items)
				group.Go(func() error {
					writer := newWriter(pool)
					for range 5 {
						rng.Shuffle(len(mine), func(i, k int) { mine[i], mine[k] = mine[k], mine[i] })
						for batch := range slices.Chunk(mine, 50) {
							result, err := writer.Write(t.Context(), &event.Batch{Items: batch})
							if err != nil {
								return err
							}
							inserted[w] += result.Inserted
							dead[w] += len(result.DeadLetters)
						}
					}
					return nil
				})
			}
			if err := group.Wait(); err != nil {
				t.Fatal(err)
			}
			total := c.standing
			for w := range inserted {
				total += inserted[w]
				if dead[w] != 5*c.refused {
					t.Errorf("writer %d counted %d dead letters, want %d", w, dead[w], 5*c.refused)
				}
			}
			if total != len(items)-c.refused {
				t.Errorf("%d rows counted as inserted, want %d", total, len(items)-c.refused)
			}
			f.wantRows("deposited_events", 150-c.refused)
			f.wantRows("transfer_events", 50)
			f.want("SELECT block_number::text FROM deposited_events WHERE network = $1 AND chain_id IS NULL")
		})
	}
}

// TestWriterLocksNetworks: who moves rows of a network because of a reorg is waited for; writers of other networks go on.
func TestWriterLocksNetworks(t *testing.T) {
	f := newFixture(t, newDatabase(t))
	mover, err := f.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = mover.Rollback(context.Background()) }()
	if _, err := mover.Exec(t.Context(), "SELECT pg_advisory_xact_lock($1)", pg.NetworkLock(f.network)); err != nil {
		t.Fatal(err)
	}
	other := f.network + "_"
	for pg.NetworkLock(other) == pg.NetworkLock(f.network) {
		other += "_"
	}
	f.write(counts{Inserted: 1}, f.deposited(1, 0, func(d *events.Deposited) { d.Network = other }))
	item := f.deposited(1, 0)
	var group errgroup.Group
	group.Go(func() error {
		_, err := newWriter(f.pool).Write(t.Context(), &event.Batch{Items: []event.Item{item}})
		return err
	})
	testenv.Eventually(t, 10*time.Second, func() error {
		if f.query("SELECT count(*)::text FROM pg_locks WHERE locktype = 'advisory' AND NOT granted " +
			"AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND $1 <> ''")[0] == "0" {
			return errors.New("the writer does not wait")
		}
		return nil
	})
	f.wantRows("deposited_events", 0)
	if err := mover.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	f.wantRows("deposited_events", 1)
}

// TestManyNetworks: a batch of more networks than PostgreSQL has room for locks.
func TestManyNetworks(t *testing.T) {
	f := newFixture(t, newDatabase(t))
	var room int
	const sql = "SELECT current_setting('max_locks_per_transaction')::int * (current_setting('max_connections')::int + 10)"
	if err := f.pool.QueryRow(t.Context(), sql).Scan(&room); err != nil {
		t.Fatal(err)
	}
	items := f.many(2*room, 1)
	for i := range items {
		items[i].Row.Metadata().Network = fmt.Sprintf("%s %d", f.network, i)
	}
	f.write(counts{Inserted: 2 * room}, items...)
}

// TestReplacedGenerics: an event that an older version, without its ABI, has written to generic_events moves to its table when
// it is decided again.
func TestReplacedGenerics(t *testing.T) {
	f := newFixture(t, newDatabase(t))
	items := f.many(3, 1)
	topic := items[0].SignatureHash
	f.write(counts{Inserted: 3}, f.generic(1, 0, topic, "{}"), f.generic(1, 1, topic, "{}"), f.generic(1, 2, number(7), "{}"))
	f.writer = newWriter(f.pool) // that of the next version
	f.write(counts{Inserted: 1}, items[0])
	f.wantRows("generic_events", 2)
	f.write(counts{Inserted: 2, Duplicates: 1}, f.again(items)...)
	f.wantRows("deposited_events", 3)
	f.want("SELECT concat_ws(' ', log_index, encode(event_signature_hash, 'hex')) FROM generic_events WHERE network = $1",
		fmt.Sprintf("2 %x", number(7)))

	// One of another block is another event.
	other := f.generic(8, 0, topic, "{}")
	other.Row.Metadata().BlockHash = number(99)
	f.write(counts{Inserted: 1}, other)
	f.writer = newWriter(f.pool)
	f.write(counts{Inserted: 1}, f.deposited(8, 0))
	f.wantRows("generic_events", 2)

	// One that cannot have its row keeps the generic one.
	f.write(counts{Inserted: 1}, f.generic(9, 0, topic, "{}"))
	f.exec("ALTER TABLE deposited_events ADD CONSTRAINT none CHECK (block_number <> 9) NOT VALID")
	f.writer = newWriter(f.pool)
	f.write(counts{Inserted: 1, DeadLetters: 1}, f.deposited(9, 0), f.deposited(10, 0))
	f.wantRows("generic_events", 3)
}

// TestGenericTopics: whether a topic stands among many rows of another is looked up in the index.
func TestGenericTopics(t *testing.T) {
	f := newFixture(t, newDatabase(t))
	const rows = 20_000
	items := make([]event.Item, rows)
	for n := range items {
		items[n] = f.generic(int64(n/1000), int64(n%1000), number(7), "{}")
	}
	f.write(counts{Inserted: rows}, items...)
	f.exec("ANALYZE generic_events")
	tx, err := f.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	for topic, want := range map[common.Hash]int{number(6): 0, number(7): 1, number(8): 0} {
		found, err := db.New(tx).GenericTopics(t.Context(), db.GenericTopicsParams{Topics: [][]byte{topic[:]}})
		if err != nil || len(found) != want {
			t.Errorf("%s: found %x, %v", topic, found, err)
		}
	}
	if read := hasRead(t, tx, "seq_tup_read", "generic_events"); read > 0 {
		t.Errorf("%d rows were read for that", read)
	}
}

// hasRead returns what the transaction has read of a table so far, as a column of PostgreSQL's statistics counts it.
func hasRead(t *testing.T, tx pgx.Tx, column, table string) (n int) {
	t.Helper()
	sql := fmt.Sprintf("SELECT %s FROM pg_stat_xact_user_tables WHERE relname = $1", column)
	if err := tx.QueryRow(t.Context(), sql, table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestMergeFindsRowsByKey: no index on a column of the content serves a merge, whatever the statistics say. Without those on the key
// none does.
func TestMergeFindsRowsByKey(t *testing.T) {
	f := newFixture(t, newDatabase(t))
	const rows = 500
	f.write(counts{Inserted: rows}, f.many(rows, 1)...)
	tx, err := f.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	for _, sql := range []string{
		"CREATE TEMPORARY TABLE deposited_events_stage (LIKE deposited_events)",
		"INSERT INTO deposited_events_stage SELECT * FROM deposited_events",
		"ALTER TABLE deposited_events DROP CONSTRAINT deposited_events_pkey",
		"DROP INDEX deposited_events_transaction_hash_idx",
		"SET LOCAL enable_seqscan = off",
	} {
		if _, err := tx.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.New(tx).DifferingDepositedEvents(t.Context()); err != nil {
		t.Fatal(err)
	}
	if read := hasRead(t, tx, "idx_scan", "deposited_events"); read > 0 {
		t.Errorf("an index was read %d times", read)
	}
}

// TestMergeReadsNoWholeTable: neither one of some size that was not analyzed yet, nor one that was tiny when the session merged into it
// for the first time, and kept the plan.
func TestMergeReadsNoWholeTable(t *testing.T) {
	url := testenv.Database(t)
	tables.Pool(t, url)
	session, err := pg.Connect(t.Context(), url, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	f := newFixture(t, session)
	read := func() (rows int) {
		t.Helper()
		f.exec("SELECT pg_stat_force_next_flush()")
		const sql = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables WHERE relname = 'deposited_events'"
		if err := session.QueryRow(t.Context(), sql).Scan(&rows); err != nil {
			t.Fatal(err)
		}
		return rows
	}
	f.exec("ALTER TABLE deposited_events SET (autovacuum_enabled = off)")
	const batch = 4000
	for _, rows := range []int{10, 5 * batch} {
		items := f.many(rows, int64(rows))
		f.write(counts{Inserted: rows}, f.many(rows, int64(rows), func(d *events.Deposited) { d.ChainID = nil })...)
		if rows == 10 {
			f.exec("ANALYZE deposited_events")
		}
		for i := 0; i < len(items); i += batch { // a plan that was made beside the temporary table is not kept
			items := items[i:min(i+batch, len(items))]
			for _, reads := range []int{4, 2, 2} { // INSERT finds each row, the comparison, and at first what fills it, twice
				before := read()
				f.write(counts{Duplicates: len(items)}, f.again(items)...)
				if n := read() - before; n != reads*len(items) {
					t.Fatalf("%d of %d rows were read to compare %d, want %d times as many", n, rows, len(items), reads)
				}
			}
		}
	}
}

// TestSuppressedRows: rows that a trigger leaves out are not taken for written.
func TestSuppressedRows(t *testing.T) {
	t.Run("by the table", func(t *testing.T) { testSuppressedRows(t, newFixture(t, newDatabase(t)), "deposited_events") })
	t.Run("by a partition", func(t *testing.T) {
		f := newFixture(t, newDatabase(t))
		f.exec("ALTER TABLE deposited_events RENAME TO whole")
		f.exec(`CREATE TABLE deposited_events (
			LIKE whole INCLUDING DEFAULTS, PRIMARY KEY (network, block_number, log_index, transaction_hash)
		) PARTITION BY RANGE (block_number)`)
		f.exec("CREATE TABLE all_blocks PARTITION OF deposited_events DEFAULT")
		testSuppressedRows(t, f, "all_blocks")
	})
	t.Run("that differ from one that stands in the signature alone", func(t *testing.T) {
		f := newFixture(t, newDatabase(t))
		f.write(counts{Inserted: 1}, f.generic(1, 0, number(0), "{}"))
		suppressed := suppressing(t, f, "generic_events", "new.event_signature_hash = decode('"+number(9).Hex()[2:]+"', 'hex')")
		suppressed("an event", f.generic(1, 0, number(9), "{}"))
		suppressed("beside the one that stands", f.generic(1, 0, number(9), "{}"), f.generic(1, 0, number(0), "{}"))
		f.wantRows("generic_events", 1)
	})
}

// TestUnfilledRows: that a trigger keeps rows from being filled is not taken for done.
func TestUnfilledRows(t *testing.T) {
	f := newFixture(t, newDatabase(t))
	f.write(counts{Inserted: 1}, f.deposited(1, 0, func(d *events.Deposited) { d.ChainID = nil }))
	suppressed := suppressing(t, f, "deposited_events", "EXISTS (SELECT FROM deposited_events WHERE block_number = new.block_number)")
	suppressed("a row that lacks its chain id", f.deposited(1, 0))
	f.exec("DROP TRIGGER suppress ON deposited_events")
	f.write(counts{Duplicates: 1}, f.deposited(1, 0))
	f.want("SELECT chain_id::text FROM deposited_events WHERE network = $1", "1155")
}

// suppressing makes a trigger that leaves out rows of a table, and returns what writes such.
func suppressing(t *testing.T, f *fixture, table, which string) (suppressed func(what string, items ...event.Item)) {
	t.Helper()
	f.exec(`CREATE FUNCTION suppress() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN RETURN CASE WHEN ` + which + ` THEN NULL ELSE new END; END $$`)
	f.exec("CREATE TRIGGER suppress BEFORE INSERT ON " + table + " FOR EACH ROW EXECUTE FUNCTION suppress()")
	return func(what string, items ...event.Item) {
		t.Helper()
		_, err := f.writer.Write(t.Context(), &event.Batch{Items: items})
		if _, environment := errors.AsType[*event.EnvironmentError](err); !environment || !strings.Contains(err.Error(), "trigger") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func testSuppressedRows(t *testing.T, f *fixture, table string) {
	standing := f.deposited(1, 0)
	f.write(counts{Inserted: 1}, standing)
	suppressed := suppressing(t, f, table, "new.block_number = 2")
	suppressed("new rows", f.deposited(2, 0), f.deposited(3, 0))
	suppressed("among rows that stand", f.again([]event.Item{standing, f.deposited(2, 0)})...)
	f.wantRows("deposited_events", 1)
	f.write(counts{Inserted: 1, Duplicates: 1}, f.again([]event.Item{standing, f.deposited(3, 0)})...)
	f.exec("DROP TRIGGER suppress ON " + table)
	f.write(counts{Inserted: 1, Duplicates: 1}, f.again([]event.Item{standing, f.deposited(2, 0)})...)
}

// TestWriterWithoutTable: what an operator has to mend dead-letters nothing, and the same batch goes through later.
func TestWriterWithoutTable(t *testing.T) {
	f := newFixture(t, newDatabase(t))
	batch := &event.Batch{Items: []event.Item{f.deposited(1, 0), f.generic(1, 1, number(9), "{}")}}
	refused := func() {
		t.Helper()
		for batch.Refusals = range 10 {
			if _, err := f.writer.Write(t.Context(), batch); err == nil || pg.Classify(err) != pg.Environment {
				t.Fatalf("attempt %d: class %v: %v", batch.Refusals, pg.Classify(err), err)
			}
		}
		f.want(letters)
		f.wantRows("generic_events", 0)
	}
	f.exec("ALTER TABLE deposited_events RENAME TO elsewhere")
	refused()
	f.exec("ALTER TABLE elsewhere RENAME TO deposited_events")
	f.exec("ALTER TABLE deposited_events RENAME COLUMN shares TO parts")
	refused()
	f.exec("ALTER TABLE deposited_events RENAME COLUMN parts TO shares")
	f.writeBatch(counts{Inserted: 2}, batch)
}
