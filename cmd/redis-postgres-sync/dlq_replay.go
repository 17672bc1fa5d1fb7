package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/replay"
)

func dlqReplayCommand() *cobra.Command {
	var chosen letterChoice
	var all, asJSON bool
	command := &cobra.Command{
		Use:   "replay [<letter>...]",
		Short: "Decide dead letters again, once their cause is mended; exit 1 if some stay open",
		Long: "Decides open dead letters again as if their messages came now. Each becomes rows and is replayed, in one\n" +
			"transaction, or stays open and says what is wrong now. Running it again goes on where it was cut off.",
		Example: "  redis-postgres-sync dlq replay --all\n" +
			"  redis-postgres-sync dlq replay --reason rejected --event Deposited\n" +
			"  redis-postgres-sync dlq replay rindexer_producer/1735689600000-0/3",
		RunE: func(cmd *cobra.Command, args []string) error {
			names, err := parseNames(args)
			if err != nil {
				return err
			}
			choice, err := chosen.choice()
			switch {
			case err != nil:
				return err
			case len(names) > 0 && (all || !chosen.empty()):
				return errBoth
			case len(names) == 0 && !all && chosen.empty():
				return errors.New("no dead letters are named; hint: name some as redis-postgres-sync dlq list prints them, " +
					"choose some by --stream, --reason or --event, or take --all")
			}
			return withReplayer(cmd, func(r *replayer) error { return r.replay(cmd.Context(), names, choice, asJSON) })
		},
	}
	chosen.register(command.Flags())
	command.Flags().BoolVar(&all, "all", false, "replay every open letter")
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

var errBoth = errors.New("letters are named and chosen at once; hint: either name letters, or choose them by flags")

// passedOver is a dead letter that was named and is not open.
type passedOver struct {
	Letter string   `json:"letter"`
	State  pg.State `json:"state"`

	origin event.Origin
}

// named looks for letters that are named, and returns those that are open and those that are not. One that does not
// exist is an error: nothing has happened then.
func (r *replayer) named(ctx context.Context, names []event.Origin) (open []event.Origin, passed []passedOver, err error) {
	passed = []passedOver{} // JSON says [] where there are none
	for _, o := range names {
		var state pg.State
		err := r.engine.Persist(ctx, func(ctx context.Context) (err error) {
			state, err = r.letters.State(ctx, o)
			return err
		})
		switch {
		case errors.Is(err, pg.ErrNoLetter):
			return nil, nil, failed(noLetter(o))
		case err != nil:
			return nil, nil, unfinished(ctx, err)
		case state != pg.StateOpen:
			passed = append(passed, passedOver{nameOf(o), state, o})
		default:
			open = append(open, o)
		}
	}
	return open, passed, nil
}

func (r *replayer) replay(ctx context.Context, names []event.Origin, c pg.Choice, asJSON bool) error {
	open, passed, err := r.named(ctx, names)
	if err != nil {
		return err
	}
	var done replay.Letters
	r.label = "replaying dead letters"
	if len(names) > 0 {
		done, err = r.engine.Named(ctx, open)
	} else {
		done, err = r.engine.Letters(ctx, c)
	}
	r.bar.end()
	if printed := printReplayed(r.out, done, passed, asJSON); printed != nil {
		return failed(printed)
	}
	if err != nil {
		return unfinished(ctx, err)
	}
	return failed(leftOpen(done, passed))
}

func printReplayed(w io.Writer, done replay.Letters, passed []passedOver, asJSON bool) error {
	if asJSON {
		return printJSON(w, struct {
			Replayed   int                  `json:"replayed"`
			Written    int                  `json:"written"`
			Open       map[event.Reason]int `json:"open"`
			Inserted   int                  `json:"inserted"`
			Duplicates int                  `json:"duplicates"`
			PassedOver []passedOver         `json:"passed_over"`
		}{done.Replayed, done.Written, orEmpty(done.Open), done.Inserted, done.Duplicates, passed})
	}
	table := newTable(w)
	fmt.Fprintf(table, "replayed\t%d\n", done.Replayed)
	if done.Written > 0 {
		fmt.Fprintf(table, "written, but not as they are\t%d\n", done.Written)
	}
	fmt.Fprintf(table, "rows inserted\t%d\n", done.Inserted)
	fmt.Fprintf(table, "rows that stood already\t%d\n", done.Duplicates)
	printCounts(table, "still open", done.Open)
	for _, p := range passed {
		fmt.Fprintf(table, "passed over\t%s is %s\n", shellName(p.origin), p.State)
	}
	return table.Flush()
}

// leftOpen is the error of letters that were to be replayed and are not.
func leftOpen(done replay.Letters, passed []passedOver) error {
	open := 0
	for _, n := range done.Open {
		open += n
	}
	discarded := slices.ContainsFunc(passed, func(p passedOver) bool { return p.State == pg.StateDiscarded })
	switch {
	case open > 0 && open == done.Open[event.ReasonPayloadMissing]:
		return fmt.Errorf("%s without a payload cannot become rows; hint: see what rindexer sent with redis-postgres-sync dlq show, "+
			"then run redis-postgres-sync dlq discard --reason %s --all", count(open, "dead letter"), event.ReasonPayloadMissing)
	case open > 0:
		return fmt.Errorf("%s still open; hint: redis-postgres-sync dlq list tells why", count(open, "dead letter"))
	case discarded:
		return errors.New("discarded letters are not replayed; hint: redis-postgres-sync replay --from reads their entries again")
	}
	return nil
}

func dlqDiscardCommand() *cobra.Command {
	var chosen letterChoice
	var all, asJSON bool
	command := &cobra.Command{
		Use:   "discard [<letter>...]",
		Short: "Give dead letters up; they stay in the table as discarded",
		Long: "Gives open dead letters up: they are discarded, and stay in the table with their payloads. Nothing opens them\n" +
			"again. Those that are chosen by flags, or all, are discarded with --all only.",
		Example: "  redis-postgres-sync dlq discard rindexer_producer/1735689600000-0/-1\n" +
			"  redis-postgres-sync dlq discard --reason payload_missing --all",
		RunE: func(cmd *cobra.Command, args []string) error {
			names, err := parseNames(args)
			if err != nil {
				return err
			}
			choice, err := chosen.choice()
			switch {
			case err != nil:
				return err
			case len(names) > 0 && (all || !chosen.empty()):
				return errBoth
			case len(names) == 0 && !all:
				return errors.New("no dead letters are named; hint: name some as redis-postgres-sync dlq list prints them, " +
					"or take --all: it discards every open letter that --stream, --reason and --event choose")
			}
			return withReplayer(cmd, func(r *replayer) error { return r.discard(cmd.Context(), names, choice, asJSON) })
		},
	}
	chosen.register(command.Flags())
	command.Flags().BoolVar(&all, "all", false, "discard every open letter, or every one that the other flags choose")
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

func (r *replayer) discard(ctx context.Context, names []event.Origin, c pg.Choice, asJSON bool) error {
	open, passed, err := r.named(ctx, names)
	if err != nil {
		return err
	}
	var discarded int
	if len(names) > 0 {
		discarded, err = r.discardNamed(ctx, open)
	} else {
		discarded, err = r.discardChosen(ctx, c)
	}
	r.bar.end()
	if asJSON {
		printed := printJSON(r.out, struct {
			Discarded  int          `json:"discarded"`
			PassedOver []passedOver `json:"passed_over"`
		}{discarded, passed})
		if printed != nil {
			return failed(printed)
		}
	} else {
		for _, p := range passed {
			fmt.Fprintf(r.out, "%s is %s, and stays so\n", shellName(p.origin), p.State)
		}
		fmt.Fprintf(r.out, "%s discarded\n", count(discarded, "dead letter"))
	}
	if err != nil {
		return unfinished(ctx, err)
	}
	return nil
}

func (r *replayer) discardNamed(ctx context.Context, open []event.Origin) (discarded int, err error) {
	for _, o := range open {
		err := r.engine.Persist(ctx, func(ctx context.Context) error {
			was, err := r.letters.Discard(ctx, o)
			if was {
				discarded++
			}
			return err
		})
		if err != nil {
			return discarded, err
		}
	}
	return discarded, nil
}

// discardChosen discards the letters that are there when it begins.
func (r *replayer) discardChosen(ctx context.Context, c pg.Choice) (discarded int, err error) {
	var start time.Time
	total := 0
	err = r.engine.Persist(ctx, func(ctx context.Context) (err error) {
		start, err = r.letters.Now(ctx)
		if err == nil {
			total, err = r.countOpen(ctx, c)
		}
		return err
	})
	for err == nil {
		n := 0
		err = r.engine.Persist(ctx, func(ctx context.Context) (err error) {
			n, err = r.letters.DiscardSome(ctx, c, start)
			return err
		})
		if n == 0 {
			break
		}
		discarded += n
		r.bar.step("discarding dead letters", min(discarded, total), total)
	}
	return discarded, err
}

func (r *replayer) countOpen(ctx context.Context, c pg.Choice) (total int, err error) {
	c.State = pg.StateOpen
	counts, err := r.letters.Count(ctx, c)
	for _, n := range counts {
		total += n.Letters
	}
	return total, err
}
