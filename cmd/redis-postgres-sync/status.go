package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/spf13/cobra"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/events"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/config"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/migrate"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
	"github.com/redis-postgres-sync/redis-postgres-sync/schema"
)

func statusReportCommand() *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "status",
		Short: "Print how far streams and tables are, who reads, and how many dead letters there are",
		Long: "Prints of each stream how much of it is still to be written and who reads it, the dead letters, and of each\n" +
			"table the highest block. It changes nothing, and asks for no more than is quick in large tables.\n" +
			"The exit code is 1 if one of the servers does not answer; what the other one says is printed.",
		Example: "  redis-postgres-sync status\n" +
			"  redis-postgres-sync status --json | jq '.streams[].lag_seconds'",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, _, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			report, err := newStatusReport(cmd.Context(), cfg)
			if asJSON {
				return failed(errors.Join(printJSON(cmd.OutOrStdout(), report), err))
			}
			return failed(errors.Join(report.print(cmd.OutOrStdout()), err))
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

// statusReport is what the servers say; what one of them did not say is null.
type statusReport struct {
	Streams     []streamStatus `json:"streams"`
	DeadLetters *letterStatus  `json:"dead_letters"`
	Tables      []tableStatus  `json:"tables"`
	// MissingTables counts the tables that no migration has made yet.
	MissingTables *int `json:"missing_tables"`
	// MissingIndexes names those that tables lack, or that are being built.
	MissingIndexes []string `json:"missing_indexes"`
	Errors         []string `json:"errors,omitempty"`
}

// streamStatus is a stream.State in the units of JSON.
type streamStatus struct {
	Stream               string           `json:"stream"`
	Exists               bool             `json:"exists"`
	WrongType            bool             `json:"wrong_type"`
	GroupExists          bool             `json:"group_exists"`
	Length               int64            `json:"length"`
	FirstID              string           `json:"first_id"`
	LastID               string           `json:"last_id"`
	LastDeliveredID      string           `json:"last_delivered_id"`
	LagEntries           *int64           `json:"lag_entries"` // null while Redis does not know
	LagSeconds           float64          `json:"lag_seconds"`
	Pending              int64            `json:"pending"`
	OldestPendingID      string           `json:"oldest_pending_id"`
	OldestPendingSeconds float64          `json:"oldest_pending_seconds"`
	Consumers            []consumerStatus `json:"consumers"`
}

type consumerStatus struct {
	Name        string  `json:"name"`
	Pending     int64   `json:"pending"`
	IdleSeconds float64 `json:"idle_seconds"`
}

type letterStatus struct {
	ByState      map[string]int64 `json:"by_state"`
	OpenByReason map[string]int64 `json:"open_by_reason"`
}

// tableStatus is a table that has rows.
type tableStatus struct {
	Table string `json:"table"`
	// Rows is PostgreSQL's own estimate; null before the first VACUUM or ANALYZE.
	Rows     *int64          `json:"estimated_rows"`
	Networks []networkStatus `json:"networks"`
}

// networkStatus is the last row of a network: the one with the highest block.
type networkStatus struct {
	Network        string     `json:"network"`
	BlockNumber    int64      `json:"block_number"`
	BlockTimestamp *time.Time `json:"block_timestamp"`
	CreatedAt      time.Time  `json:"created_at"`
}

// newStatusReport asks both servers. Its error says what they did not answer, and stands in the report as well.
func newStatusReport(ctx context.Context, cfg config.Config) (statusReport, error) {
	var r statusReport
	errRedis := r.askRedis(ctx, cfg)
	errPostgres := r.askPostgres(ctx, cfg)
	for _, err := range []error{errRedis, errPostgres} {
		if err != nil {
			r.Errors = append(r.Errors, err.Error())
		}
	}
	return r, errors.Join(errRedis, errPostgres)
}

func (r *statusReport) askRedis(ctx context.Context, cfg config.Config) error {
	ctx, cancel := context.WithTimeout(ctx, serverTimeout)
	defer cancel()
	client, err := stream.Connect(cfg.RedisURL.Reveal())
	if err != nil {
		return err
	}
	defer client.Close()
	for _, name := range cfg.RedisStreams {
		state, err := stream.Inspect(ctx, client, name, cfg.ConsumerGroup)
		if err != nil {
			return fmt.Errorf("ask Redis: %w", err)
		}
		r.Streams = append(r.Streams, newStreamStatus(name, state))
	}
	return nil
}

func newStreamStatus(name string, s stream.State) streamStatus {
	status := streamStatus{
		Stream: name, Exists: s.Exists, WrongType: s.WrongType, GroupExists: s.GroupExists,
		Length: s.Length, FirstID: s.FirstID, LastID: s.LastID, LastDeliveredID: s.LastDeliveredID,
		LagEntries: s.Lag, LagSeconds: s.UndecidedAge.Seconds(),
		Pending: s.Pending, OldestPendingID: s.OldestPendingID, OldestPendingSeconds: s.OldestPendingAge.Seconds(),
		Consumers: []consumerStatus{},
	}
	for _, m := range s.Members {
		status.Consumers = append(status.Consumers, consumerStatus{m.Name, m.Pending, m.Idle.Seconds()})
	}
	return status
}

func (r *statusReport) askPostgres(ctx context.Context, cfg config.Config) error {
	ctx, cancel := context.WithTimeout(ctx, serverTimeout)
	defer cancel()
	pool, err := pg.Connect(ctx, cfg.DatabaseURL.Reveal(), 1)
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := r.askTables(ctx, pool); err != nil {
		return fmt.Errorf("ask PostgreSQL: %w", err)
	}
	migrator, err := migrate.New(cfg.DatabaseURL.Reveal(), schema.Files)
	if err != nil {
		return err
	}
	r.MissingIndexes, err = migrator.MissingIndexes(ctx)
	return err
}

const (
	lettersTable = "dead_letters"
	// mostLetters bounds what counting them costs.
	mostLetters = 1_000_000
)

// statusTables are those that the report is about.
func statusTables() []string {
	return append([]string{lettersTable}, eventTables()...)
}

// eventTables are those that events are written to.
func eventTables() []string { return append([]string{"generic_events"}, typedTables()...) }

// typedTables are the tables of events that an ABI describes.
func typedTables() []string {
	var names []string
	for _, definition := range events.Catalog.All() {
		names = append(names, definition.Table)
	}
	return names
}

func (r *statusReport) askTables(ctx context.Context, pool *pgxpool.Pool) error {
	names := statusTables()
	estimates, err := askEstimates(ctx, pool, names)
	if err != nil {
		return err
	}
	missing := len(names) - len(estimates)
	r.MissingTables = &missing
	if r.Tables, err = askLastRows(ctx, pool, names[1:], estimates); err != nil {
		return err
	}
	if _, exists := estimates[lettersTable]; exists {
		r.DeadLetters, err = askLetters(ctx, pool) // last, as it counts
	}
	return err
}

// askEstimates returns the number of rows of those tables that exist, -1 where PostgreSQL has none yet.
func askEstimates(ctx context.Context, pool *pgxpool.Pool, tables []string) (map[string]int64, error) {
	rows, err := pool.Query(ctx, `SELECT c.relname::text, c.reltuples::bigint
		FROM pg_class AS c
		JOIN pg_namespace AS n ON n.oid = c.relnamespace
		WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND c.relname = ANY ($1::text[])`, tables)
	if err != nil {
		return nil, err
	}
	return collectCounts(rows)
}

func askLetters(ctx context.Context, pool *pgxpool.Pool) (*letterStatus, error) {
	var letters letterStatus
	rows, err := pool.Query(ctx, `SELECT state, count(*)
		FROM (SELECT state FROM dead_letters LIMIT $1) AS d GROUP BY state`, mostLetters)
	if err != nil {
		return nil, err
	}
	if letters.ByState, err = collectCounts(rows); err != nil {
		return nil, err
	}
	rows, err = pool.Query(ctx, `SELECT reason_code, count(*)
		FROM (SELECT reason_code FROM dead_letters WHERE state = 'open' LIMIT $1) AS d GROUP BY reason_code`, mostLetters)
	if err != nil {
		return nil, err
	}
	letters.OpenByReason, err = collectCounts(rows)
	return &letters, err
}

func collectCounts(rows pgx.Rows) (map[string]int64, error) {
	counts := map[string]int64{}
	var name string
	var count int64
	_, err := pgx.ForEachRow(rows, []any{&name, &count}, func() error {
		counts[name] = count
		return nil
	})
	return counts, err
}

// lastRowsQuery goes from one network to the next along the primary key, and so reads some pages of the index, however
// large the table is. https://wiki.postgresql.org/wiki/Loose_indexscan
func lastRowsQuery(table string) string {
	return strings.ReplaceAll(`WITH RECURSIVE networks AS (
			(SELECT network FROM "table" ORDER BY network LIMIT 1)
			UNION ALL
			SELECT (SELECT t.network FROM "table" AS t WHERE t.network > n.network ORDER BY t.network LIMIT 1)
			FROM networks AS n
			WHERE n.network IS NOT NULL
		)
		SELECT n.network, last.block_number, last.block_timestamp, last.created_at
		FROM networks AS n
		CROSS JOIN LATERAL (
			SELECT t.block_number, t.block_timestamp, t.created_at
			FROM "table" AS t
			WHERE t.network = n.network
			ORDER BY t.block_number DESC, t.log_index DESC, t.transaction_hash DESC
			LIMIT 1
		) AS last
		ORDER BY n.network`, `"table"`, pgx.Identifier{table}.Sanitize())
}

// askLastRows asks for all tables in one exchange. Those without rows are left out.
func askLastRows(
	ctx context.Context, pool *pgxpool.Pool, tables []string, estimates map[string]int64,
) ([]tableStatus, error) {
	all := []tableStatus{}
	var batch pgx.Batch
	for _, table := range tables {
		estimate, exists := estimates[table]
		if !exists {
			continue
		}
		batch.Queue(lastRowsQuery(table)).Query(func(rows pgx.Rows) error {
			networks, err := pgx.CollectRows(rows, pgx.RowToStructByPos[networkStatus])
			if err != nil {
				return fmt.Errorf("read last rows of %s: %w", table, err)
			}
			if len(networks) > 0 {
				all = append(all, tableStatus{Table: table, Rows: known(estimate), Networks: networks})
			}
			return nil
		})
	}
	if batch.Len() == 0 {
		return all, nil
	}
	err := pool.SendBatch(ctx, &batch).Close()
	return all, err
}

func known(estimate int64) *int64 {
	if estimate < 0 {
		return nil
	}
	return &estimate
}

// print writes one table after the other, as far as there is anything to write.
func (r statusReport) print(w io.Writer) error {
	table := newTable(w)
	r.printStreams(table)
	r.printLetters(table)
	r.printTables(table)
	return table.Flush()
}

func (r statusReport) printStreams(w io.Writer) {
	if len(r.Streams) == 0 {
		return
	}
	consumers := 0
	fmt.Fprintln(w, "STREAM\tLENGTH\tLAG\tOLDEST UNDECIDED\tPENDING\tOLDEST PENDING\tCONSUMERS")
	for _, s := range r.Streams {
		consumers += len(s.Consumers)
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%d\t%s\t%d%s\n", printable(s.Stream), s.Length, orUnknown(s.LagEntries), inWords(s.LagSeconds),
			s.Pending, inWords(s.OldestPendingSeconds), len(s.Consumers), s.remark())
	}
	if consumers == 0 {
		return
	}
	fmt.Fprintln(w, "\nCONSUMER\tSTREAM\tPENDING\tIDLE")
	for _, s := range r.Streams {
		for _, c := range s.Consumers {
			fmt.Fprintf(w, "%s\t%s\t%d\t%s\n", printable(c.Name), printable(s.Stream), c.Pending, inWords(c.IdleSeconds))
		}
	}
}

func (s streamStatus) remark() string {
	switch {
	case s.WrongType:
		return "  the key is no stream"
	case !s.Exists:
		return "  there is no such stream yet"
	case !s.GroupExists:
		return "  nobody has read it yet"
	}
	return ""
}

func (r statusReport) printLetters(w io.Writer) {
	if r.DeadLetters == nil {
		return
	}
	fmt.Fprintln(w, "\nDEAD LETTERS\tCOUNT")
	fmt.Fprintf(w, "open\t%d\n", r.DeadLetters.ByState["open"])
	for _, reason := range slices.Sorted(maps.Keys(r.DeadLetters.OpenByReason)) {
		fmt.Fprintf(w, "  %s\t%d\n", reason, r.DeadLetters.OpenByReason[reason])
	}
	for _, state := range slices.Sorted(maps.Keys(r.DeadLetters.ByState)) {
		if state != "open" {
			fmt.Fprintf(w, "%s\t%d\n", state, r.DeadLetters.ByState[state])
		}
	}
}

func (r statusReport) printTables(w io.Writer) {
	if len(r.Tables) > 0 {
		fmt.Fprintln(w, "\nTABLE\tROWS, ABOUT\tNETWORK\tHIGHEST BLOCK\tMINED\tWRITTEN")
	}
	for _, t := range r.Tables {
		for _, n := range t.Networks {
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\n",
				t.Table, orUnknown(t.Rows), printable(n.Network), n.BlockNumber, moment(n.BlockTimestamp), moment(&n.CreatedAt))
		}
	}
	switch missing := r.MissingTables; {
	case missing == nil:
	case *missing == len(statusTables()):
		fmt.Fprintln(w, "\nThere are no tables yet; hint: run redis-postgres-sync migrate apply")
	case *missing > 0:
		fmt.Fprintf(w, "\n%d tables do not exist yet; hint: run redis-postgres-sync migrate plan\n", *missing)
	case len(r.Tables) == 0:
		fmt.Fprintln(w, "\nAll tables are empty.")
	}
	if n := len(r.MissingIndexes); n > 0 {
		fmt.Fprintf(w, "\n%d indexes are missing: the service builds them when the backlog is done, and "+
			"redis-postgres-sync migrate apply at once\n", n)
	}
}

func moment(t *time.Time) string {
	if t == nil {
		return "?"
	}
	return t.UTC().Format(time.RFC3339)
}

func orUnknown(n *int64) string {
	if n == nil {
		return "?"
	}
	return strconv.FormatInt(*n, 10)
}

// inWords rounds to what people read: tenths up to a minute, then seconds.
func inWords(seconds float64) string {
	if seconds < 60 {
		return time.Duration(math.Round(seconds*10) * float64(100*time.Millisecond)).String()
	}
	return time.Duration(math.Round(seconds) * float64(time.Second)).String()
}
