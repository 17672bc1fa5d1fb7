package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/config"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// statusOutput runs the command, and returns what it prints and with which error it ends.
func statusOutput(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	root := &cobra.Command{Use: "test", SilenceUsage: true, SilenceErrors: true}
	config.Flags(root.PersistentFlags())
	root.AddCommand(statusReportCommand())
	root.SetOut(&out)
	root.SetArgs(append([]string{"status"}, args...))
	err := root.ExecuteContext(t.Context())
	return out.String(), err
}

func (s *site) statusOutput(args ...string) string {
	s.Helper()
	output, err := statusOutput(s.T, append([]string{
		"--database-url", s.database, "--redis-url", s.redisURL, "--redis-streams", s.key, "--consumer-group", s.group,
	}, args...)...)
	if err != nil {
		s.Fatalf("%v\n%s", err, output)
	}
	return output
}

func (s *site) statusReport() statusReport {
	s.Helper()
	return parseStatus(s.T, s.statusOutput("--json"))
}

func parseStatus(t *testing.T, text string) statusReport {
	t.Helper()
	var report statusReport
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&report); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return report
}

// wantLines checks that the output has lines of these words, however they are spaced.
func wantLines(t *testing.T, output string, want ...string) {
	t.Helper()
	var lines []string
	for line := range strings.Lines(output) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	for _, line := range want {
		if !slices.Contains(lines, line) {
			t.Errorf("%q is not a line of\n%s", line, output)
		}
	}
}

// depositedRows are n rows, the last of them in block n of the network.
const depositedRows = `INSERT INTO deposited_events (
		transaction_hash, log_index, network, chain_id, address, block_number, block_hash, block_timestamp, transaction_index,
		sender, receiver, term_id, curve_id, assets, assets_after_fees, shares, total_shares, vault_type
	)
	SELECT sha256(n::text::bytea), 0, '%s', 1, '\x00', n, '\x00', to_timestamp(1700000000 + n), 0,
		'\x00', '\x00', '\x00', 1, 1, 1, 1, 1, 1
	FROM generate_series(1, %d) AS n;`

const deadLetters = `INSERT INTO dead_letters (
		stream, message_id, event_index, event_name, network, reason_code, detail, payload, state
	)
	SELECT 's', n || '-0', 0, '', '', CASE WHEN n <= 2 THEN 'not_json' ELSE 'missing_field' END, '', '',
		CASE WHEN n <= 5 THEN 'open' WHEN n <= 6 THEN 'discarded' ELSE 'replayed' END
	FROM generate_series(1, 8) AS n;`

func TestStatus(t *testing.T) {
	t.Parallel()

	t.Run("tells how far streams and tables are", func(t *testing.T) {
		s := newSite(t)
		ctx := t.Context()
		for _, id := range []string{"1-1", "1-2", "1-3"} {
			if err := s.client.XAdd(ctx, &redis.XAddArgs{Stream: s.key, ID: id, Values: []string{"payload", "x"}}).Err(); err != nil {
				t.Fatal(err)
			}
		}
		read := redis.XReadGroupArgs{Group: s.group, Consumer: "host-0", Streams: []string{s.key, ">"}, Count: 5}
		if err := errors.Join(
			s.client.XGroupCreate(ctx, s.key, s.group, "0").Err(), s.client.XReadGroup(ctx, &read).Err(),
			s.client.XAck(ctx, s.key, s.group, "1-1").Err(),
		); err != nil {
			t.Fatal(err)
		}
		s.exec(fmt.Sprintf(depositedRows, "one", 7) + fmt.Sprintf(depositedRows, "two", 9) + deadLetters + "ANALYZE")

		report := s.statusReport()
		got := report.Streams[0]
		if len(got.Consumers) != 1 || got.Consumers[0].Name != "host-0" || got.Consumers[0].Pending != 2 {
			t.Errorf("consumers: %+v", got.Consumers)
		}
		year := (365 * 24 * time.Hour).Seconds()
		if got.LagSeconds < 50*year || got.OldestPendingSeconds != got.LagSeconds || *got.LagEntries != 0 {
			t.Errorf("lag: %+v", got)
		}
		if !got.Exists || !got.GroupExists || got.WrongType || got.Stream != s.key || got.Length != 3 || got.Pending != 2 ||
			got.FirstID != "1-1" || got.LastID != "1-3" || got.LastDeliveredID != "1-3" || got.OldestPendingID != "1-2" {
			t.Errorf("stream: %+v", got)
		}
		if got := fmt.Sprint(*report.DeadLetters); got != "{map[discarded:1 open:5 replayed:2] map[missing_field:3 not_json:2]}" {
			t.Errorf("dead letters: %s", got)
		}
		if len(report.Tables) != 1 || report.Tables[0].Table != "deposited_events" || *report.Tables[0].Rows != 16 {
			t.Fatalf("tables: %+v", report.Tables)
		}
		for i, want := range []networkStatus{{Network: "one", BlockNumber: 7}, {Network: "two", BlockNumber: 9}} {
			got := report.Tables[0].Networks[i]
			if got.Network != want.Network || got.BlockNumber != want.BlockNumber ||
				got.BlockTimestamp.Unix() != 1700000000+want.BlockNumber || time.Since(got.CreatedAt) > time.Hour {
				t.Errorf("network: %+v", got)
			}
		}

		output := s.statusOutput()
		wantLines(t, output, "open 5", "missing_field 3", "not_json 2", "discarded 1", "replayed 2")
		expect(t, 0, 0, output, "host-0", s.key, "2023-11-14T22:13:27Z", "2023-11-14T22:13:29Z")
	})

	t.Run("finds the last rows of a large table in its index", func(t *testing.T) {
		s := newSite(t)
		s.exec(fmt.Sprintf(depositedRows, "one", 30_000) + fmt.Sprintf(depositedRows, "two", 30_000) + "ANALYZE")
		rows, err := s.db.Query(t.Context(), "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) "+lastRowsQuery("deposited_events"))
		if err != nil {
			t.Fatal(err)
		}
		var plan []byte
		for rows.Next() {
			if err := rows.Scan(&plan); err != nil {
				t.Fatal(err)
			}
		}
		var parsed []struct {
			Plan struct {
				Hit  int `json:"Shared Hit Blocks"`
				Read int `json:"Shared Read Blocks"`
			}
		}
		if err := errors.Join(rows.Err(), json.Unmarshal(plan, &parsed)); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(plan, []byte("Seq Scan")) || parsed[0].Plan.Hit+parsed[0].Plan.Read > 100 {
			t.Errorf("it reads too much:\n%s", plan)
		}
	})

	t.Run("tells what a stream lacks", func(t *testing.T) {
		s := newSite(t)
		if err := errors.Join(
			s.client.Set(t.Context(), s.key+"1", "x", 0).Err(),
			s.client.XAdd(t.Context(), &redis.XAddArgs{Stream: s.key + "3", Values: []string{"payload", "x"}}).Err(),
		); err != nil {
			t.Fatal(err)
		}
		output := s.statusOutput("--redis-streams", s.key+"1,"+s.key+"2,"+s.key+"3")
		wantLines(t, output,
			s.key+"1 0 ? 0s 0 0s 0 the key is no stream",
			s.key+"2 0 0 0s 0 0s 0 there is no such stream yet",
			"open 0", "All tables are empty.")
		expect(t, 0, 0, output, "nobody has read it yet")
	})

	t.Run("tells of tables that are not there yet", func(t *testing.T) {
		s := newSite(t)
		s.exec("DROP TABLE deposited_events, dead_letters CASCADE")
		expect(t, 0, 0, s.statusOutput(), "2 tables do not exist yet; hint: run redis-postgres-sync migrate plan")
		s.database = testenv.Database(t)
		expect(t, 0, 0, s.statusOutput(), "There are no tables yet; hint: run redis-postgres-sync migrate apply")
		if report := s.statusReport(); *report.MissingTables != len(statusTables()) || report.DeadLetters != nil {
			t.Errorf("%+v", report)
		}
	})

	for name, tt := range map[string]struct {
		args          []string
		streams, rest bool // what is printed all the same
		want          string
	}{
		"prints the tables while Redis is away": {
			[]string{"--redis-url", "redis://:hush@127.0.0.1:1"}, false, true, "ask Redis: ",
		},
		"prints the streams while PostgreSQL is away": {
			[]string{"--database-url", "postgres://u:hush@127.0.0.1:1/d"}, true, false, "ask PostgreSQL: ",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			args := append([]string{
				"--json", "--database-url", s.database, "--redis-url", s.redisURL, "--redis-streams", s.key,
			}, tt.args...)
			output, err := statusOutput(t, args...)
			if _, failed := errors.AsType[*failure](err); !failed || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v", err)
			}
			report := parseStatus(t, output)
			if (report.Streams != nil) != tt.streams ||
				(report.DeadLetters != nil) != tt.rest || (report.MissingTables != nil) != tt.rest {
				t.Error(output)
			}
			if len(report.Errors) != 1 || !strings.Contains(report.Errors[0], tt.want) ||
				strings.Contains(output+err.Error(), "hush") {
				t.Errorf("%v\n%s", err, output)
			}
		})
	}
}
