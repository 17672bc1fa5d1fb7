package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/jackc/pgx/v5"
	"golang.org/x/term"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/events"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/launch"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/recording"
)

// count is a number of rows by table.
type count map[string]int

func (c count) total() int {
	n := 0
	for _, rows := range c {
		n += rows
	}
	return n
}

func (c count) tables() []string {
	var names []string
	for name := range c {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// expect counts the events of a recording, each of which is in it once.
func expect(entries []recording.Entry) (count, error) {
	expected := make(count)
	for _, entry := range entries {
		var message struct {
			Hash common.Hash       `json:"event_signature_hash"`
			Data []json.RawMessage `json:"event_data"`
		}
		if err := json.Unmarshal([]byte(entry.Fields.Payload), &message); err != nil {
			return nil, fmt.Errorf("read the recording, entry %s: %w", entry.ID, err)
		}
		shapes := events.Catalog.ByTopic(message.Hash)
		if len(shapes) != 1 {
			return nil, fmt.Errorf("no ABI in abi/ describes the event %s of the recording; "+
				"hint: put abi/MultiVault.json back and run make generate", message.Hash)
		}
		expected[shapes[0].Table] += len(message.Data)
	}
	return expected, nil
}

const (
	// pollInterval is the time between two counts.
	pollInterval = 100 * time.Millisecond
	// stalled is how long nothing may happen before the demo gives up.
	stalled = 60 * time.Second
)

// result is what watch saw.
type result struct {
	rows count
	took time.Duration
}

// watch shows how the tables fill until they hold what is expected.
func (d *demo) watch(ctx context.Context, s *launch.Service, expected count, start time.Time) (result, error) {
	bar := newProgress(d.out, expected.total())
	defer bar.end()
	last, moved := 0, time.Now()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		rows, err := d.count(ctx, expected)
		if err != nil {
			return result{}, err
		}
		total, took := rows.total(), time.Since(start)
		bar.show(total, took)
		if total >= expected.total() {
			return result{rows, took}, nil
		}
		if total != last {
			last, moved = total, time.Now()
		}
		if err := s.Exited(); err != nil {
			return result{}, err
		}
		if time.Since(moved) > stalled {
			return result{}, fmt.Errorf("%d of %d events are missing after %s:\n%s",
				expected.total()-total, expected.total(), took.Round(time.Second), s.Output())
		}
		select {
		case <-ctx.Done():
			return result{}, ctx.Err()
		case <-ticker.C:
		}
	}
}

// count counts the rows of those tables that exist already.
func (d *demo) count(ctx context.Context, expected count) (count, error) {
	names, err := d.db.Query(ctx, "SELECT tablename FROM pg_tables WHERE schemaname = $1 AND tablename = ANY($2)",
		d.schema, expected.tables())
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	tables, err := pgx.CollectRows(names, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	rows := make(count)
	for _, table := range tables {
		var n int
		if err := d.db.QueryRow(ctx, "SELECT count(*) FROM "+table).Scan(&n); err != nil {
			return nil, fmt.Errorf("count %s: %w", table, err)
		}
		rows[table] = n
	}
	return rows, nil
}

// progress is a bar on a terminal, and a line now and then elsewhere.
type progress struct {
	out      io.Writer
	total    int
	terminal bool
	shown    time.Time
}

func newProgress(out *os.File, total int) *progress {
	return &progress{out: out, total: total, terminal: term.IsTerminal(int(out.Fd()))}
}

const (
	barWidth = 40
	// lineInterval is the time between two lines where there is no terminal.
	lineInterval = time.Second
)

func (p *progress) show(done int, took time.Duration) {
	complete := done >= p.total
	if !p.terminal && !complete && time.Since(p.shown) < lineInterval {
		return
	}
	p.shown = time.Now()
	filled := min(barWidth*done/max(p.total, 1), barWidth)
	line := fmt.Sprintf("[%s%s] %s of %s events, %.1f s",
		strings.Repeat("#", filled), strings.Repeat(".", barWidth-filled),
		thousands(done), thousands(p.total), took.Seconds())
	if p.terminal {
		fmt.Fprint(p.out, "\r"+line)
		return
	}
	fmt.Fprintln(p.out, line)
}

// end leaves the bar standing.
func (p *progress) end() {
	if p.terminal {
		fmt.Fprintln(p.out)
	}
}

// thousands writes n with commas.
func thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
