package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// promised are the names that dashboards of the Rust service ask for.
var promised = []string{
	"events_processed_total", "events_failed_total", "batches_processed_total", "processing_duration_seconds",
	"events_per_second", "peak_events_per_second", "redis_healthy", "postgres_healthy", "uptime_seconds",
}

// TestMetrics: Prometheus' own parser and linter accept what the service tells, the numbers are those of what was
// written, and docs/operations.md lists just these metrics.
func TestMetrics(t *testing.T) {
	t.Parallel()
	database := testenv.Database(t)
	redisURL, prefix := testenv.Redis(t)
	client, err := stream.Connect(redisURL)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	key := prefix + "stream"
	for _, data := range []string{
		"[" + deposit{0}.json() + "," + deposit{1}.json() + "]", deposit{2}.json(), "[]", `[{"sender":"0x"}]`, "nonsense",
	} {
		payload := `{"event_name":"Deposited","event_signature_hash":"` + depositedTopic0 + `","event_data":` + data + `}`
		if err := client.XAdd(t.Context(), &redis.XAddArgs{Stream: key, Values: []string{"payload", payload}}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	p := startService(t, "DATABASE_URL="+database, "REDIS_URL="+redisURL, "REDIS_STREAMS="+key, "CONSUMER_GROUP="+prefix+"group")
	awaitRows(t, connect(t, database), 3)
	p.awaitStatus(t, "/readyz", 200)

	var text string
	testenv.Eventually(t, patience, func() error {
		_, text = p.get(t, "/metrics")
		return errors.Join(
			contains(text, `redis_postgres_sync_stream_length{stream="`+key+`"} 5`),
			contains(text, `redis_postgres_sync_stream_lag_entries{stream="`+key+`"} 0`),
			contains(text, `redis_postgres_sync_stream_pending_entries{stream="`+key+`"} 0`),
			contains(text, "redis_postgres_sync_dead_letters_open 2\n"),
		)
	})
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatalf("Prometheus does not read the metrics: %v", err)
	}
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("promlint: %s: %s", p.Metric, p.Text)
	}
	for _, want := range []string{
		"redis_postgres_sync_events_processed_total 5", "redis_postgres_sync_events_failed_total 2",
		"redis_postgres_sync_redis_healthy 1", "redis_postgres_sync_postgres_healthy 1", "redis_postgres_sync_ready 1",
		`redis_postgres_sync_messages_total{form="array"} 2`, `redis_postgres_sync_messages_total{form="object"} 1`,
		`redis_postgres_sync_messages_total{form="empty"} 1`, `redis_postgres_sync_messages_total{form="rejected"} 1`,
		`redis_postgres_sync_table_rows_total{outcome="inserted",table="deposited_events"} 3`,
		`redis_postgres_sync_dead_letters_total{reason="not_json"} 1`,
		`redis_postgres_sync_dead_letters_total{reason="metadata_missing"} 1`,
		`redis_postgres_sync_circuit_breaker_state{state="closed"} 1`,
		"redis_postgres_sync_end_to_end_latency_seconds_count 5",
	} {
		if err := contains(text, want+"\n"); err != nil {
			t.Error(err)
		}
	}
	var told []string
	for _, name := range slices.Sorted(maps.Keys(families)) {
		if strings.HasPrefix(name, "redis_postgres_sync_") {
			told = append(told, name)
		}
	}
	for _, name := range promised {
		family := families["redis_postgres_sync_"+name]
		if family == nil {
			t.Errorf("%s is missing", name)
			continue
		}
		if n := len(family.GetMetric()); n != 1 || len(family.GetMetric()[0].GetLabel()) > 0 {
			t.Errorf("%s has %d series, or labels", name, n)
		}
	}
	if documented := documentedMetrics(t); !slices.Equal(told, documented) {
		t.Errorf("docs/operations.md lists\n%s\nthe service tells\n%s", strings.Join(documented, "\n"), strings.Join(told, "\n"))
	}
}

// TestStrangersMakeNoSeries: names, networks and hashes that come from messages are no labels, so that nobody who may XADD can fill
// the memory of the service or of Prometheus with series.
func TestStrangersMakeNoSeries(t *testing.T) {
	s := newSite(t)
	p := startService(t, s.settings()...)
	p.awaitStatus(t, "/readyz", 200)
	decided := 0
	add := func(count int) {
		t.Helper()
		for range count {
			decided++
			good := strings.ReplaceAll(deposit{decided}.json(), `"intuition"`, fmt.Sprintf(`"network-%d"`, decided))
			for _, item := range []string{good, `{"sender":"0x"}`} { // an event that no table is for, and one that lacks what all have
				payload := fmt.Sprintf(`{"event_name":"Name%d","event_signature_hash":"0x%064[1]x","network":"network-%[1]d","event_data":[%[2]s]}`,
					decided, item)
				if err := s.client.XAdd(t.Context(), &redis.XAddArgs{Stream: s.key, Values: []string{"payload", payload}}).Err(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	var series []string
	read := func() error {
		_, text := p.get(t, "/metrics")
		series = nil
		for line := range strings.Lines(text) {
			if name, _, _ := strings.Cut(line, " "); strings.HasPrefix(name, "redis_postgres_sync_") {
				series = append(series, name)
			}
		}
		return errors.Join(
			contains(text, fmt.Sprintf("redis_postgres_sync_events_processed_total %d\n", 2*decided)),
			contains(text, `redis_postgres_sync_stream_lag_entries{stream="`+s.key+`"} 0`), // the last look at the stream went well
		)
	}
	add(1)
	testenv.Eventually(t, patience, read)
	few := series
	add(200)
	testenv.Eventually(t, patience, func() error {
		if err := read(); err != nil || slices.Equal(few, series) {
			return err
		}
		return fmt.Errorf("%d series after one name, %d after 200:\n%s", len(few), len(series), strings.Join(series, "\n"))
	})
	if n := s.number("SELECT count(DISTINCT (event_name, network)) FROM generic_events"); n != decided {
		t.Errorf("%d names in generic_events, want %d", n, decided)
	}
}

func documentedMetrics(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, row := range regexp.MustCompile("(?m)^\\| `(redis_postgres_sync_[a-z_]+)` \\|").FindAllStringSubmatch(string(page), -1) {
		names = append(names, row[1])
	}
	slices.Sort(names)
	return names
}
