package pg_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/events"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

const blocks = `SELECT concat_ws(' ', number, ltrim(encode(hash, 'hex'), '0'), first_position, last_position)
	FROM blocks WHERE stream = $1 ORDER BY number, hash`

// at returns the position of an entry of the fixture in the form that blocks has it.
func at(entry int) string { return fmt.Sprintf("1700000000000%020d", entry) }

func TestBlocks(t *testing.T) {
	t.Parallel()
	pool := newDatabase(t)
	hashed := func(hash int64) func(*events.Deposited) {
		return func(d *events.Deposited) { d.BlockHash = number(hash) }
	}
	t.Run("the first and last entry of each hash", func(t *testing.T) {
		f := newFixture(t, pool)
		items := []event.Item{
			f.deposited(5, 0, hashed(0xa)), f.deposited(5, 1, hashed(0xb)), f.deposited(5, 2, hashed(0xa)),
			f.deposited(4, 0, hashed(0xc)),
		}
		f.write(counts{Inserted: 4}, items...)
		f.want(blocks, "4 c "+at(4)+" "+at(4), "5 a "+at(1)+" "+at(3), "5 b "+at(2)+" "+at(2))
	})
	t.Run("the same in any order of delivery", func(t *testing.T) {
		f := newFixture(t, pool)
		items := make([]event.Item, 12)
		for i := range items {
			items[i] = f.deposited(5, int64(i), hashed(0xa))
		}
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(items), func(i, k int) { items[i], items[k] = items[k], items[i] })
		for i := range items {
			f.write(counts{Inserted: 1}, items[i])
		}
		f.want(blocks, "5 a "+at(1)+" "+at(12))
		f.write(counts{Duplicates: len(items)}, items...)
		f.want(blocks, "5 a "+at(1)+" "+at(12))
	})
	t.Run("a redelivery of what is known does not write", func(t *testing.T) {
		f := newFixture(t, pool)
		item := f.deposited(5, 0)
		f.write(counts{Inserted: 1}, item)
		const version = "SELECT concat_ws(' ', xmin, ctid) FROM blocks WHERE stream = $1"
		before := f.query(version)
		f.write(counts{Duplicates: 1}, item)
		f.want(version, before...)
	})
	t.Run("a row that is a dead letter is seen all the same", func(t *testing.T) {
		f := newFixture(t, pool)
		f.write(counts{Inserted: 1, DeadLetters: 1}, f.deposited(5, 0, hashed(0xa)), f.deposited(5, 0, hashed(0xb)))
		f.want(blocks, "5 a "+at(1)+" "+at(1), "5 b "+at(2)+" "+at(2))
	})
	t.Run("forgotten below the final height, but not where hashes compete", func(t *testing.T) {
		f := newFixture(t, pool)
		const heights = "SELECT number::text FROM blocks WHERE stream = $1 ORDER BY number, hash"
		f.write(counts{Inserted: 3},
			f.deposited(100, 0), f.deposited(101, 0, hashed(0xa)), f.deposited(101, 1, hashed(0xb)))
		f.want(heights, "100", "101", "101")
		f.write(counts{Inserted: 2}, f.deposited(105, 0), f.deposited(102+finality, 0))
		f.want(heights, "100", "101", "101", "105", "112") // one batch alone may be wrong about the head
		f.write(counts{Inserted: 1}, f.deposited(102+finality, 1))
		f.want(heights, "101", "101", "105", "112")
		f.write(counts{Inserted: 1}, f.deposited(102+2*finality, 0))
		f.write(counts{Inserted: 1}, f.deposited(102+2*finality, 1)) // not far enough to ask again
		f.want(heights, "101", "101", "105", "112", "122")
		f.write(counts{Inserted: 1}, f.deposited(103+2*finality, 0))
		f.write(counts{Inserted: 1}, f.deposited(103+2*finality, 1))
		f.want(heights, "101", "101", "122", "123")
	})
	t.Run("an old block that is seen again is forgotten too, some time later, on each chain", func(t *testing.T) {
		f := newFixture(t, pool)
		const least = "SELECT min(number)::text FROM blocks WHERE stream = $1 GROUP BY network ORDER BY 1"
		// Two chains that take turns, each of which forgets with every second batch.
		of := func(block, logIndex int64, second bool) event.Item {
			item := f.deposited(block, logIndex)
			if second {
				item.Row.Metadata().Network += "-2"
			}
			return item
		}
		head := int64(1000)
		next := func() {
			head += 3 * finality
			f.write(counts{Inserted: 1}, of(head, 0, false))
			f.write(counts{Inserted: 1}, of(head, 0, true))
		}
		for range 4 {
			next()
		}
		f.write(counts{Inserted: 2}, of(5, 0, false), of(head, 1, false))
		f.write(counts{Inserted: 2}, of(5, 0, true), of(head, 1, true))
		f.want(least, "5", "5")
		for range 100 {
			next()
			if !slices.Contains(f.query(least), "5") {
				return
			}
		}
		f.Errorf("the lowest blocks are still %v", f.query(least))
	})
	t.Run("one wrong number makes nothing final", func(t *testing.T) {
		f := newFixture(t, pool)
		f.write(counts{Inserted: 1}, f.deposited(100, 0))
		f.write(counts{Inserted: 1}, f.deposited(1<<62, 0))
		f.write(counts{Inserted: 1}, f.deposited(101, 0))
		f.want("SELECT number::text FROM blocks WHERE stream = $1 ORDER BY number", "100", "101", "4611686018427387904")
	})
	t.Run("another stream keeps its own", func(t *testing.T) {
		f := newFixture(t, pool)
		f.write(counts{Inserted: 1}, f.deposited(100, 0))
		far := f.deposited(10_000, 0)
		far.Stream += "_other"
		f.write(counts{Inserted: 1}, far)
		f.want("SELECT number::text FROM blocks WHERE stream = $1", "100")
	})
	t.Run("nothing is forgotten of a batch that failed", func(t *testing.T) {
		f := newFixture(t, pool)
		f.write(counts{Inserted: 1}, f.deposited(100, 0))
		missing := f.deposited(1000, 0)
		unknown := *missing.Definition
		unknown.Table = "missing_events"
		missing.Definition = &unknown
		if _, err := f.writer.Write(t.Context(), &event.Batch{Items: []event.Item{missing}}); err == nil {
			t.Fatal("wrote into a table that is not there")
		}
		f.write(counts{Inserted: 1}, f.deposited(1000, 0))
		f.want("SELECT number::text FROM blocks WHERE stream = $1 ORDER BY number", "100", "1000")
		f.write(counts{Inserted: 1}, f.deposited(1000, 1))
		f.want("SELECT number::text FROM blocks WHERE stream = $1", "1000")
	})
}

func TestReorgs(t *testing.T) {
	f := newFixture(t, newDatabase(t))
	last := int64(12)
	batch := &event.Batch{Reorgs: []event.Reorg{
		{Origin: f.origin(), Network: f.network, ForkBlock: 10, LastBlock: &last, Notice: event.JSON(`{"depth":3}`)},
		{Origin: f.origin(), Network: f.network, ForkBlock: 11, Notice: event.JSON(`{}`)},
	}}
	f.writeBatch(counts{}, batch)
	const all = `SELECT concat_ws(' ', message_id, event_index, network = stream, fork_block, last_block, notice, xmin)
		FROM reorgs WHERE stream = $1 ORDER BY message_id`
	before := f.query(all)
	if len(before) != 2 {
		t.Fatalf("got %q", before)
	}
	f.writeBatch(counts{}, batch)
	f.want(all, before...)
	f.want("SELECT concat_ws(' ', fork_block, last_block, notice) FROM reorgs WHERE stream = $1 ORDER BY message_id",
		`10 12 {"depth": 3}`, "11 {}")
}

func TestDeadLetters(t *testing.T) {
	t.Parallel()
	pool := newDatabase(t)
	letter := func(f *fixture) event.DeadLetter {
		return event.DeadLetter{
			Origin: f.origin(), EventName: "Deposited", SignatureHash: number(9), Network: f.network,
			Reason: event.ReasonInvalidField, Detail: "field a: is wrong", Payload: []byte("\x00\xff raw"),
		}
	}
	t.Run("holds the raw bytes and the reason", func(t *testing.T) {
		f := newFixture(t, pool)
		f.writeBatch(counts{DeadLetters: 1}, &event.Batch{DeadLetters: []event.DeadLetter{letter(f)}})
		f.want(`SELECT concat_ws('|', message_id, event_index, event_name, encode(event_signature_hash, 'hex'),
			network = stream, reason_code, detail, sqlstate, encode(payload, 'hex'), first_seen = last_seen, attempts, state)
			FROM dead_letters WHERE stream = $1`,
			"1700000000000-1|0|Deposited|"+common.Bytes2Hex(number(9).Bytes())+"|t|invalid_field|field a: is wrong|"+
				"00ff20726177|t|1|open")
	})
	t.Run("what the message did not tell is empty, its hash NULL", func(t *testing.T) {
		f := newFixture(t, pool)
		l := event.DeadLetter{Origin: f.origin(), Reason: event.ReasonNotJSON, Payload: []byte{}}
		l.Index = event.WholeMessage
		f.writeBatch(counts{DeadLetters: 1}, &event.Batch{DeadLetters: []event.DeadLetter{l}})
		f.want(`SELECT concat_ws('|', event_index, event_name, network, detail, payload = '',
			event_signature_hash IS NULL, sqlstate IS NULL) FROM dead_letters WHERE stream = $1`, "-1||||t|t|t")
	})
	t.Run("text that PostgreSQL cannot hold", func(t *testing.T) {
		f := newFixture(t, pool)
		l := letter(f)
		l.EventName, l.Network, l.Detail = "a\x00", "\xff", "\x00"
		f.writeBatch(counts{DeadLetters: 1}, &event.Batch{DeadLetters: []event.DeadLetter{l}})
		f.want("SELECT event_name || network || detail FROM dead_letters WHERE stream = $1", "a\uFFFD\uFFFD\uFFFD")
	})
	for _, state := range []string{"open", "discarded", "replayed", "written"} {
		t.Run("seen again, it stays "+state, func(t *testing.T) {
			f := newFixture(t, pool)
			batch := &event.Batch{DeadLetters: []event.DeadLetter{letter(f)}}
			f.writeBatch(counts{DeadLetters: 1}, batch)
			f.exec("UPDATE dead_letters SET state = '" + state + "', first_seen = '2020-01-01', last_seen = '2020-01-01' " +
				"WHERE stream = '" + f.network + "'")
			f.writeBatch(counts{DeadLetters: 1}, batch)
			f.writeBatch(counts{DeadLetters: 1}, batch)
			f.want(letters, "1700000000000-1 0 invalid_field "+state+" 3")
			f.want("SELECT (first_seen = '2020-01-01' AND last_seen > now() - interval '1 hour')::text "+
				"FROM dead_letters WHERE stream = $1", "true")
		})
	}
	t.Run("more than one statement takes", func(t *testing.T) {
		f := newFixture(t, pool)
		var batch event.Batch
		for range 10_001 {
			batch.DeadLetters = append(batch.DeadLetters, letter(f))
		}
		for range 3 {
			large := letter(f)
			large.Payload = make([]byte, 7<<20)
			batch.DeadLetters = append(batch.DeadLetters, large)
		}
		f.writeBatch(counts{DeadLetters: 10_004}, &batch)
		f.want("SELECT concat_ws(' ', count(*), sum(octet_length(payload))) FROM dead_letters WHERE stream = $1",
			fmt.Sprint(10_004, 10_001*len(letter(f).Payload)+3*7<<20))
	})
	t.Run("one that annotates a row", func(t *testing.T) {
		f := newFixture(t, pool)
		item := f.deposited(1, 0)
		l := item.Letter(event.ReasonNUL, "")
		l.Written = true
		batch := &event.Batch{Items: []event.Item{item}, DeadLetters: []event.DeadLetter{l}}
		f.writeBatch(counts{Inserted: 1, DeadLetters: 1}, batch)
		f.writeBatch(counts{Duplicates: 1, DeadLetters: 1}, batch)
		f.want(letters, "1700000000000-1 0 nul_in_text written 2")
		f.wantRows("deposited_events", 1)
	})
}
