package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

const (
	crashEvents     = 100_000
	eventsPerEntry  = 10
	crashes         = 5
	depositedTopic0 = "0xf717428d3271f4ca44ee92a96ecda708463de1c200f30db4e295def5e8db6b4a"
)

// deposit is event n of the ledger: everything about it follows from n.
type deposit struct{ n int }

func (d deposit) block() int           { return 1 + d.n/20 }
func (d deposit) logIndex() int        { return d.n % 20 }
func (d deposit) assets() string       { return fmt.Sprintf("%d000000000000000007", d.n+1) }
func (d deposit) vaultType() int       { return d.n % 3 }
func (d deposit) sender() string       { return fmt.Sprintf("%040x", d.n%5000) }
func (d deposit) hash(tag byte) string { return fmt.Sprintf("%02x%062x", tag, d.n) }

func (d deposit) json() string {
	return fmt.Sprintf(`{"sender":"0x%s","receiver":"0x%[1]s","termId":"%s","curveId":"1","assets":"%s",`+
		`"assetsAfterFees":"0","shares":"5","totalShares":"6","vaultType":%d,"transaction_information":{`+
		`"chain_id":1155,"network":"intuition","address":"0x6e35cf57a41fa15ea0eae9c33e751b01a784fe7e",`+
		`"block_hash":"0xb1%062x","block_number":%d,"block_timestamp":"0x68b18674","transaction_hash":"0x%s",`+
		`"log_index":"0x%x","transaction_index":1}}`,
		d.sender(), d.hash(0xaa), d.assets(), d.vaultType(), d.block(), d.block(), d.hash(0xc1), d.logIndex())
}

// backlog adds the ledger's events to a stream.
func backlog(t *testing.T, client redis.UniversalClient, key string) {
	t.Helper()
	ctx := t.Context()
	for start := 0; start < crashEvents; start += 1000 {
		_, err := client.Pipelined(ctx, func(p redis.Pipeliner) error {
			for first := start; first < start+1000; first += eventsPerEntry {
				items := make([]string, eventsPerEntry)
				for i := range items {
					items[i] = deposit{first + i}.json()
				}
				payload := `{"event_name":"Deposited","event_signature_hash":"` + depositedTopic0 +
					`","network":"intuition","event_data":[` + strings.Join(items, ",") + `]}`
				p.XAdd(ctx, &redis.XAddArgs{Stream: key, Values: []string{"payload", payload}})
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestKill kills the service outright in the middle of a backlog, again and again: what it had in hand is read again,
// and nothing is written twice.
func TestKill(t *testing.T) {
	t.Parallel()
	database := testenv.Database(t)
	redisURL, prefix := testenv.Redis(t)
	client, err := stream.Connect(redisURL)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	db := connect(t, database)

	key := prefix + "stream"
	backlog(t, client, key)
	settings := []string{"DATABASE_URL=" + database, "REDIS_URL=" + redisURL, "REDIS_STREAMS=" + key, "CONSUMER_NAME=crash"}
	for crash := range crashes {
		p := startService(t, settings...)
		least := (crash + 1) * crashEvents / (crashes + 2)
		written := awaitRows(t, db, least+rand.N(crashEvents/20))
		p.signal(syscall.SIGKILL)
		p.wait()
		if written >= crashEvents {
			t.Fatalf("crash %d came after the end of the backlog", crash+1)
		}
		t.Logf("killed at %d rows of %d", written, crashEvents)
	}
	p := startService(t, settings...)
	awaitRows(t, db, crashEvents)
	awaitNonePending(t, client, key)
	p.signal(syscall.SIGTERM)
	if code := p.wait(); code != 0 {
		t.Fatalf("exit code %d after SIGTERM\n%s", code, p.output())
	}
	compareLedger(t, db, crashEvents)
}

// awaitRows waits until the table holds that many rows, and returns how many it holds.
func awaitRows(t *testing.T, db *pgx.Conn, least int) (rows int) {
	t.Helper()
	testenv.Eventually(t, time.Minute, func() error {
		var exists bool
		if err := db.QueryRow(t.Context(), "SELECT to_regclass('deposited_events') IS NOT NULL").Scan(&exists); err != nil || !exists {
			return fmt.Errorf("there is no table yet, error %v", err)
		}
		if err := db.QueryRow(t.Context(), "SELECT count(*) FROM deposited_events").Scan(&rows); err != nil {
			return err
		}
		if rows < least {
			return fmt.Errorf("%d of %d rows", rows, least)
		}
		return nil
	})
	return rows
}

// compareLedger checks that the table holds the first events of the ledger, and nothing else.
func compareLedger(t *testing.T, db *pgx.Conn, total int) {
	t.Helper()
	rows, err := db.Query(t.Context(), `SELECT block_number, log_index, encode(transaction_hash, 'hex'),
		encode(sender, 'hex'), encode(term_id, 'hex'), assets::text, vault_type FROM deposited_events`)
	if err != nil {
		t.Fatal(err)
	}
	seen := make([]int, total)
	var block, logIndex, vaultType int
	var hash, sender, term, assets string
	_, err = pgx.ForEachRow(rows, []any{&block, &logIndex, &hash, &sender, &term, &assets, &vaultType}, func() error {
		d := deposit{(block-1)*20 + logIndex}
		if d.n < 0 || d.n >= total {
			return fmt.Errorf("block %d, log index %d is not in the ledger", block, logIndex)
		}
		seen[d.n]++
		if hash != d.hash(0xc1) || sender != d.sender() || term != d.hash(0xaa) || assets != d.assets() ||
			vaultType != d.vaultType() {
			return fmt.Errorf("event %d differs from the ledger", d.n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	missing, doubled := 0, 0
	for _, n := range seen {
		switch {
		case n == 0:
			missing++
		case n > 1:
			doubled++
		}
	}
	var letters int
	if err := db.QueryRow(t.Context(), "SELECT count(*) FROM dead_letters").Scan(&letters); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d events: %d missing, %d doubled, %d dead letters", total, missing, doubled, letters)
	if missing+doubled+letters > 0 {
		t.Fatal("the table is not the ledger")
	}
}
