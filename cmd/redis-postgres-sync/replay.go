package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/events"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/config"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/replay"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
)

// replayFlags say what is decided again.
type replayFlags struct {
	from, to string
	streams  []string
	generic  bool
	json     bool
}

func replayCommand() *cobra.Command {
	var flags replayFlags
	command := &cobra.Command{
		Use:   "replay",
		Short: "Read a stream again, or move generic events whose ABI is there now",
		Long: "With --from, reads streams again from an entry or a time on, up to what is there at the start, and decides and\n" +
			"writes every event again: rows that stand are left, those that are missing come back, and open dead letters of\n" +
			"these entries are replayed. It acknowledges nothing, and the service may run meanwhile.\n\n" +
			"With --generic, moves events from generic_events into the table of their event, once an ABI describes it.\n\n" +
			"Running it again goes on where it was cut off.",
		Example: "  redis-postgres-sync replay --from 2025-01-01T00:00:00Z\n" +
			"  redis-postgres-sync replay --from 1735689600000-0 --to 1735776000000 --stream rindexer_producer\n" +
			"  redis-postgres-sync replay --generic",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return flags.run(cmd) },
	}
	set := command.Flags()
	set.StringVar(&flags.from, "from", "", "read again from here: id of an entry (0 is the beginning), or time as in RFC 3339")
	set.StringVar(&flags.to, "to", "", "read up to here, included: id of an entry, or time (default the last entry)")
	set.StringArrayVar(&flags.streams, "stream", nil, "read this stream, can be given again (default all of REDIS_STREAMS)")
	set.BoolVar(&flags.generic, "generic", false, "move generic events whose ABI is there now")
	set.BoolVar(&flags.json, "json", false, "print JSON")
	return command
}

func (f *replayFlags) run(cmd *cobra.Command) error {
	switch {
	case f.generic && (f.from != "" || f.to != "" || len(f.streams) > 0):
		return errors.New("--generic goes with no other flag of these; hint: it reads generic_events and no stream")
	case f.generic:
		return withReplayer(cmd, func(r *replayer) error { return r.moveGenerics(cmd.Context(), f.json) })
	case f.from == "":
		return errors.New("replay needs --from or --generic; hint: --from 0 reads all that the streams hold")
	}
	first, _, err := replay.ParsePosition(f.from)
	if err != nil {
		return fmt.Errorf("--from %s is %w", quoted(f.from), err)
	}
	_, last, err := replay.ParsePosition(cmp.Or(f.to, strconv.FormatUint(1<<64-1, 10)))
	if err != nil {
		return fmt.Errorf("--to %s is %w", quoted(f.to), err)
	}
	if last.Before(first) {
		return errors.New("--to is before --from; hint: both ends are included")
	}
	return withReplayer(cmd, func(r *replayer) error {
		streams := f.streams
		if len(streams) == 0 {
			streams = r.cfg.RedisStreams
		}
		return r.readAgain(cmd.Context(), slices.Compact(slices.Sorted(slices.Values(streams))), first, last, f.json)
	})
}

// replayer is what the commands share that decide again, or look at what was decided.
type replayer struct {
	cfg     config.Config
	out     io.Writer
	letters *pg.Letters
	engine  *replay.Engine
	bar     *progress
	label   string // what the engine is at
}

// withReplayer connects, runs a command and closes.
func withReplayer(cmd *cobra.Command, run func(*replayer) error) error {
	cfg, _, err := loadConfig(cmd)
	if err != nil {
		return err
	}
	pool, err := pg.Connect(cmd.Context(), cfg.DatabaseURL.Reveal(), 1)
	if err != nil {
		return err
	}
	defer pool.Close()
	r := &replayer{
		cfg: cfg, out: cmd.OutOrStdout(), letters: pg.NewLetters(pool), bar: newProgress(cmd.ErrOrStderr()),
	}
	defer r.bar.end()
	r.engine = r.newEngine(pool)
	return run(r)
}

func (r *replayer) newEngine(pool *pgxpool.Pool) *replay.Engine {
	return replay.New(pool, replay.Options{
		Catalog:    events.Catalog,
		MaxPayload: int(r.cfg.MaxPayloadBytes),
		Timeout:    r.cfg.ProcessingTimeout,
		Writer:     pg.Options{Finality: r.cfg.Finality, MaxRefusals: r.cfg.MaxRetries},
		Progress:   func(done, total int) { r.bar.step(r.label, done, total) },
	})
}

// unfinished is the error of a command that could not do what was asked, and says what can be done about it.
func unfinished(ctx context.Context, err error) error {
	environment, ok := errors.AsType[*event.EnvironmentError](err)
	if ok {
		err = environment.Err
	}
	switch {
	case ctx.Err() != nil:
		err = errors.New("interrupted; hint: what is done stays done, run it again to go on")
	case errors.Is(err, replay.ErrNoStream):
	case pg.Classify(err) == pg.Environment:
		err = fmt.Errorf("%w; hint: redis-postgres-sync check tells what the database lacks; mend it and run this again", err)
	default:
		err = fmt.Errorf("%w; hint: what is done stays done, run it again to go on", err)
	}
	return failed(err)
}

// stretchDone is what became of a stretch of a stream, as JSON.
type stretchDone struct {
	Stream      string               `json:"stream"`
	From        string               `json:"from"`
	Entries     int                  `json:"entries"`
	Events      int                  `json:"events"`
	Inserted    int                  `json:"inserted"`
	Duplicates  int                  `json:"duplicates"`
	Notices     int                  `json:"reorg_notices"`
	DeadLetters map[event.Reason]int `json:"dead_letters"`
	Written     int                  `json:"written_dead_letters"`
	Settled     int                  `json:"replayed_dead_letters"`
	Gone        bool                 `json:"entries_deleted"`
}

func (r *replayer) readAgain(ctx context.Context, streams []string, first, last event.EntryID, asJSON bool) error {
	stream.LogTo(slog.New(slog.DiscardHandler)) // whatever matters is returned
	client, err := stream.Connect(r.cfg.RedisURL.Reveal())
	if err != nil {
		return err
	}
	defer client.Close()
	if err := r.engine.Find(ctx, client, streams); err != nil {
		return unfinished(ctx, err)
	}
	done, err := r.readAll(ctx, client, streams, first, last)
	r.bar.end()
	if asJSON {
		err = errors.Join(err, printJSON(r.out, struct {
			Streams []stretchDone `json:"streams"`
		}{done}))
	} else {
		printStretches(r.out, done)
	}
	if err != nil {
		return unfinished(ctx, err)
	}
	return nil
}

// readAll reads the streams one after another. After an error the last one is in part done.
func (r *replayer) readAll(
	ctx context.Context, client redis.UniversalClient, streams []string, first, last event.EntryID,
) (done []stretchDone, err error) {
	for _, name := range streams {
		r.label = "reading " + printable(name)
		s, err := r.engine.Stream(ctx, client, replay.Stretch{Stream: name, First: first, Last: last})
		done = append(done, stretchDone{
			name, first.String(), s.Entries, s.Events, s.Inserted, s.Duplicates, s.Notices, orEmpty(s.DeadLetters), s.Written,
			s.Settled, s.Gone,
		})
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

func printStretches(w io.Writer, done []stretchDone) {
	table := newTable(w)
	fmt.Fprintln(table, "STREAM\tENTRIES\tEVENTS\tINSERTED\tDUPLICATES\tDEAD LETTERS\tREPLAYED LETTERS")
	reasons := make(map[event.Reason]int)
	notices, written := 0, 0
	for _, s := range done {
		letters := 0
		for reason, n := range s.DeadLetters {
			letters += n
			reasons[reason] += n
		}
		notices += s.Notices
		written += s.Written
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%d\n",
			printable(s.Stream), s.Entries, s.Events, s.Inserted, s.Duplicates, letters, s.Settled)
	}
	table.Flush()
	table = newTable(w)
	if len(reasons) > 0 {
		fmt.Fprintln(table)
		printCounts(table, "dead letters", reasons)
	}
	table.Flush()
	if written > 0 {
		fmt.Fprintf(w, "%s differ from the event: redis-postgres-sync dlq list --state written\n", count(written, "row"))
	}
	if notices > 0 {
		fmt.Fprintf(w, "%s of reorgs\n", count(notices, "notice"))
	}
	for _, s := range done {
		if s.Gone {
			fmt.Fprintf(w, "of %s, entries from %s on are missing: they were deleted from Redis\n", printable(s.Stream), s.From)
		}
	}
}

func (r *replayer) moveGenerics(ctx context.Context, asJSON bool) error {
	r.label = "moving generic events"
	done, err := r.engine.Generic(ctx)
	r.bar.end()
	if asJSON {
		err = errors.Join(err, printJSON(r.out, genericsAsJSON(done)))
	} else {
		printGenerics(r.out, done)
	}
	if err != nil {
		return unfinished(ctx, err)
	}
	return nil
}

func printGenerics(w io.Writer, done replay.Generics) {
	if done.Moved == 0 && done.Duplicates == 0 && len(done.Stayed) == 0 {
		fmt.Fprintln(w, "there are no generic events that an ABI describes")
		return
	}
	table := newTable(w)
	fmt.Fprintf(table, "moved\t%d\n", done.Moved)
	fmt.Fprintf(table, "stood already\t%d\n", done.Duplicates)
	reasons := make(map[event.Reason]int)
	for reason, s := range done.Stayed {
		reasons[reason] = s.Events
	}
	printCounts(table, "stay in generic_events", reasons)
	table.Flush()
	for _, reason := range slices.Sorted(maps.Keys(done.Stayed)) {
		s := done.Stayed[reason]
		fmt.Fprintf(w, "%s, for example %s of network %s, block %d, log index %d, transaction 0x%x: %s\n", reason,
			orDash(shortened(s.Name, 40)), printable(s.Key.Network), s.Key.BlockNumber, s.Key.LogIndex, s.Key.TransactionHash,
			shortened(s.Detail, 200))
	}
}

func genericsAsJSON(done replay.Generics) any {
	type stayed struct {
		Events          int    `json:"events"`
		Event           string `json:"event_name"`
		Network         string `json:"network"`
		BlockNumber     int64  `json:"block_number"`
		LogIndex        int64  `json:"log_index"`
		TransactionHash string `json:"transaction_hash"`
		Detail          string `json:"detail"`
	}
	all := make(map[event.Reason]stayed)
	for reason, s := range done.Stayed {
		all[reason] = stayed{
			s.Events, s.Name, s.Key.Network, s.Key.BlockNumber, s.Key.LogIndex, fmt.Sprintf("0x%x", s.Key.TransactionHash), s.Detail,
		}
	}
	return struct {
		Moved      int                     `json:"moved"`
		Duplicates int                     `json:"duplicates"`
		Stayed     map[event.Reason]stayed `json:"stayed"`
	}{done.Moved, done.Duplicates, all}
}

// printCounts prints a total, and what it consists of.
func printCounts(table io.Writer, label string, counts map[event.Reason]int) {
	total := 0
	for _, n := range counts {
		total += n
	}
	fmt.Fprintf(table, "%s\t%d\n", label, total)
	for _, reason := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(table, "  %s\t%d\n", reason, counts[reason])
	}
}

// orEmpty makes JSON say {} where there is nothing.
func orEmpty(counts map[event.Reason]int) map[event.Reason]int {
	if counts == nil {
		return map[event.Reason]int{}
	}
	return counts
}
