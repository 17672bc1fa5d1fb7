package pg_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/events"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
)

func TestKeyConflict(t *testing.T) {
	t.Parallel()
	pool := newDatabase(t)
	differing := map[string]func(*events.Deposited){
		"block hash": func(d *events.Deposited) { d.BlockHash = number(9999) },
		"address":    func(d *events.Deposited) { d.Address = common.Address{9} },
		"parameter":  func(d *events.Deposited) { d.Shares = *uint256.NewInt(12345) },
	}
	for name, change := range differing {
		t.Run("another "+name+" than the standing row's", func(t *testing.T) {
			f := newFixture(t, pool)
			f.write(counts{Inserted: 1}, f.deposited(1, 0)) // entry 1
			before := f.physical("deposited_events")
			newcomer := f.deposited(1, 0, change) // entry 2
			f.write(counts{Inserted: 1, DeadLetters: 1}, newcomer, f.deposited(1, 1))
			f.write(counts{Duplicates: 1}, f.deposited(1, 0))
			f.want(letters, "1700000000000-2 0 key_conflict open 1")
			if got := f.physical("deposited_events"); len(got) != 2 || got[0] != before[0] {
				t.Error("the standing row was touched")
			}
			f.want("SELECT convert_from(payload, 'UTF8') FROM dead_letters WHERE stream = $1", newcomer.Raw)
		})
		t.Run("another "+name+" within one batch", func(t *testing.T) {
			f := newFixture(t, pool)
			first, second := f.deposited(1, 0), f.deposited(1, 0, change)
			same := f.again([]event.Item{first})[0]
			f.write(counts{Inserted: 1, Duplicates: 1, DeadLetters: 1}, first, second, same)
			f.want(letters, "1700000000000-2 0 key_conflict open 1")
			f.want("SELECT concat_ws(' ', encode(block_hash, 'hex'), encode(address, 'hex'), shares) FROM deposited_events "+
				"WHERE network = $1", strings.TrimPrefix(number(1).Hex(), "0x")+" 01"+strings.Repeat("00", 19)+" 0")
		})
	}
	t.Run("the detail says where", func(t *testing.T) {
		f := newFixture(t, pool)
		f.write(counts{Inserted: 1, DeadLetters: 1}, f.deposited(7, 3), f.deposited(7, 3, differing["parameter"]))
		detail := f.query("SELECT detail FROM dead_letters WHERE stream = $1")[0]
		for _, part := range []string{"deposited_events", f.network, "block 7", "log index 3", number(7003).Hex()} {
			if !strings.Contains(detail, part) {
				t.Errorf("%q does not tell %q", detail, part)
			}
		}
	})
	t.Run("generic events of one signature", func(t *testing.T) {
		f := newFixture(t, pool)
		f.write(counts{Inserted: 1}, f.generic(1, 0, number(9), `{"a": "1"}`))
		f.write(counts{Duplicates: 1, DeadLetters: 1},
			f.generic(1, 0, number(9), `{"a":"1"}`), f.generic(1, 0, number(9), `{"a": "2"}`))
		f.want(letters, "1700000000000-3 0 key_conflict open 1")
		f.want("SELECT event_data::text FROM generic_events WHERE network = $1", `{"a": "1"}`)
	})
	t.Run("generic events of two signatures share a place", func(t *testing.T) {
		f := newFixture(t, pool)
		items := []event.Item{
			f.generic(1, 0, number(9), `{"a": "1"}`), f.generic(1, 0, number(8), `{"a": "2"}`), f.generic(1, 0, number(7), `{}`),
		}
		f.write(counts{Inserted: 2}, items[:2]...)
		f.write(counts{Inserted: 1, Duplicates: 2}, items...)
		f.want("SELECT event_data::text FROM generic_events WHERE network = $1 ORDER BY event_signature_hash",
			`{}`, `{"a": "2"}`, `{"a": "1"}`)
		f.want(letters)
	})
}

func TestRefusedRows(t *testing.T) {
	t.Parallel()
	pool := newDatabase(t)
	const constraint = "ALTER TABLE deposited_events ADD CONSTRAINT lucky CHECK (vault_type <> 13)"
	if _, err := pool.Exec(t.Context(), constraint); err != nil {
		t.Fatal(err)
	}
	unlucky := func(d *events.Deposited) { d.VaultType = 13 }

	t.Run("one among a hundred", func(t *testing.T) {
		f := newFixture(t, pool)
		items := f.many(100, 1)
		items[37] = f.deposited(500, 0, unlucky) // entry 101
		f.write(counts{Inserted: 99, DeadLetters: 1}, items...)
		f.wantRows("deposited_events", 99)
		f.want(letters, "1700000000000-101 0 rejected 23514 open 1")
		if detail := f.query("SELECT detail FROM dead_letters WHERE stream = $1")[0]; !strings.Contains(detail, "lucky") {
			t.Errorf("the detail does not name the constraint: %s", detail)
		}
		f.write(counts{Duplicates: 99, DeadLetters: 1}, items...)
		f.want(letters, "1700000000000-101 0 rejected 23514 open 2")
	})
	t.Run("the first and the last", func(t *testing.T) {
		f := newFixture(t, pool)
		items := slices.Concat(f.many(1, 1, unlucky), f.many(31, 10), f.many(1, 90, unlucky))
		f.write(counts{Inserted: 31, DeadLetters: 2}, items...)
		f.want(letters, "1700000000000-1 0 rejected 23514 open 1", "1700000000000-33 0 rejected 23514 open 1")
	})
	t.Run("all of them, beside other tables", func(t *testing.T) {
		f := newFixture(t, pool)
		items := append(f.many(4, 1, unlucky), f.generic(1, 9, number(9), "{}"))
		f.write(counts{Inserted: 1, DeadLetters: 4}, items...)
		f.wantRows("generic_events", 1)
	})
	t.Run("among rows that stand already, and conflicts", func(t *testing.T) {
		f := newFixture(t, pool)
		standing := f.many(10, 1)
		f.write(counts{Inserted: 10}, standing...)
		conflicting := f.deposited(1, 0, func(d *events.Deposited) { d.Assets = *uint256.NewInt(7) })
		items := append(slices.Clone(standing), conflicting, f.deposited(5, 0), f.deposited(5, 1, unlucky))
		f.write(counts{Inserted: 1, Duplicates: 10, DeadLetters: 2}, items...)
		f.want(letters, "1700000000000-11 0 key_conflict open 1", "1700000000000-13 0 rejected 23514 open 1")
	})
	t.Run("each copy of one that is sent twice", func(t *testing.T) {
		f := newFixture(t, pool)
		f.write(counts{Inserted: 1, DeadLetters: 2},
			f.deposited(1, 0, unlucky), f.deposited(1, 0, unlucky), f.deposited(1, 1))
		f.want(letters, "1700000000000-1 0 rejected 23514 open 1", "1700000000000-2 0 rejected 23514 open 1")
	})
	t.Run("without nesting deeper with each", func(t *testing.T) {
		f := newFixture(t, pool)
		items := f.many(64, 1)
		var most int
		d := *items[0].Definition
		d.Handler = countLocks{d.Handler, &most}
		for i := range items {
			items[i].Definition = &d
			if i%2 == 0 {
				unlucky(items[i].Row.(*events.Deposited))
			}
		}
		f.write(counts{Inserted: 32, DeadLetters: 32}, items...)
		if most > 10 {
			t.Errorf("%d subtransactions were open at once", most)
		}
	})
	t.Run("a number that jsonb cannot hold", func(t *testing.T) {
		f := newFixture(t, pool)
		f.write(counts{Inserted: 2, DeadLetters: 1},
			f.generic(1, 0, number(9), "{}"), f.generic(1, 1, number(9), `{"a":1e400000}`), f.deposited(1, 2))
		f.want(letters, "1700000000000-2 0 rejected 22003 open 1")
	})
	t.Run("a notice that jsonb cannot hold", func(t *testing.T) {
		f := newFixture(t, pool)
		reorg := func(notice string) event.Reorg {
			return event.Reorg{Origin: f.origin(), Network: f.network, ForkBlock: 1, Notice: event.JSON(notice), Raw: notice}
		}
		batch := &event.Batch{
			Items:  []event.Item{f.deposited(1, 0)}, // entry 1
			Reorgs: []event.Reorg{reorg(`{}`), reorg(`{"a":1e400000}`), reorg(`{"b":1}`)},
		}
		f.writeBatch(counts{Inserted: 1, DeadLetters: 1}, batch)
		f.want(letters, "1700000000000-3 0 rejected 22003 open 1")
		f.want("SELECT notice::text FROM reorgs WHERE stream = $1 ORDER BY message_id", "{}", `{"b": 1}`)
		f.want("SELECT convert_from(payload, 'UTF8') FROM dead_letters WHERE stream = $1", `{"a":1e400000}`)
		f.writeBatch(counts{Duplicates: 1, DeadLetters: 1}, batch)
	})
	t.Run("a letter of writing counts for more than one of decoding", func(t *testing.T) {
		f := newFixture(t, pool)
		item := f.deposited(1, 0, unlucky)
		letter := item.Letter(event.ReasonNUL, "")
		letter.Written = true
		f.writeBatch(counts{DeadLetters: 1},
			&event.Batch{Items: []event.Item{item}, DeadLetters: []event.DeadLetter{letter}})
		f.want(letters, "1700000000000-1 0 rejected 23514 open 1")
	})
}

// TestUnknownRefusal: a refusal that PostgreSQL's manual does not classify is taken for a passing one at first.
func TestUnknownRefusal(t *testing.T) {
	f := newFixture(t, newDatabase(t))
	f.exec(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN RAISE EXCEPTION 'not today' USING ERRCODE = 'XY123'; END $$`)
	f.exec(`CREATE TRIGGER refuse BEFORE INSERT ON deposited_events
		FOR EACH ROW WHEN (NEW.vault_type = 13) EXECUTE FUNCTION refuse()`)
	unlucky := func(d *events.Deposited) { d.VaultType = 13 }
	refused := func(batch *event.Batch, times int) {
		t.Helper()
		for range times {
			if _, err := f.writer.Write(t.Context(), batch); err == nil || pg.Classify(err) != pg.Unknown {
				t.Fatalf("refusal %d: %v", batch.Refusals, err)
			}
		}
		f.want(letters)
	}

	batch := &event.Batch{Items: append(f.many(9, 1), f.deposited(50, 0, unlucky))} // entries 1 to 10
	refused(batch, 3)
	f.wantRows("deposited_events", 0)
	f.writeBatch(counts{Inserted: 9, DeadLetters: 1}, batch)
	f.want(letters, "1700000000000-10 0 rejected XY123 open 1")

	f.exec("TRUNCATE dead_letters")
	batch = &event.Batch{Items: []event.Item{f.deposited(60, 0, unlucky), f.deposited(60, 1, unlucky)}} // entries 11, 12
	refused(batch, 30)                                                                                  // all of it, which looks like the server's fault for a long time, but not for ever
	f.writeBatch(counts{DeadLetters: 2}, batch)
	f.want(letters, "1700000000000-11 0 rejected XY123 open 1", "1700000000000-12 0 rejected XY123 open 1")
}
