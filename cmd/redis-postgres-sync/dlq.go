package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ethereum/go-ethereum/common"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
)

func dlqCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "dlq",
		Short: "List, show, replay and discard dead letters",
		Long: "Lists, shows, replays and discards dead letters: what could not be written, or not as it is.\n" +
			"A letter is named by stream/message-id/index, as list prints it; index -1 is a whole message.",
		Example: "  redis-postgres-sync dlq list",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(dlqListCommand(), dlqShowCommand(), dlqReplayCommand(), dlqDiscardCommand())
	return command
}

// letterChoice is the flags that choose dead letters.
type letterChoice struct{ stream, reason, event string }

func (c *letterChoice) register(set *pflag.FlagSet) {
	set.StringVar(&c.stream, "stream", "", "only letters of this stream")
	set.StringVar(&c.reason, "reason", "", "only letters of this reason: "+reasons())
	set.StringVar(&c.event, "event", "", "only letters of events of this name")
}

func reasons() string {
	return strings.Join(event.Map(event.Reasons(), func(r event.Reason) string { return string(r) }), ", ")
}

func (c *letterChoice) empty() bool { return *c == letterChoice{} }

func (c *letterChoice) choice() (pg.Choice, error) {
	chosen := pg.Choice{Stream: c.stream, Reason: event.Reason(c.reason), Event: c.event}
	if c.reason != "" && !slices.Contains(event.Reasons(), chosen.Reason) {
		return pg.Choice{}, fmt.Errorf("--reason %s is no reason; hint: want one of %s", quoted(c.reason), reasons())
	}
	return chosen, nil
}

// nameOf is the name by which an operator calls a letter.
func nameOf(o event.Origin) string { return fmt.Sprintf("%s/%s/%d", o.Stream, o.MessageID, o.Index) }

// shellName is nameOf as a shell and a terminal can take it.
func shellName(o event.Origin) string {
	name := printable(nameOf(o))
	plain := func(r rune) bool {
		return r == utf8.RuneError || r > utf8.RuneSelf || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' ||
			strings.ContainsRune("/-_.:@%+,=", r)
	}
	if strings.IndexFunc(name, func(r rune) bool { return !plain(r) }) < 0 {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
}

// parseNames reads names of letters.
func parseNames(names []string) ([]event.Origin, error) {
	origins := make([]event.Origin, len(names))
	for i, name := range names {
		o, ok := parseName(name)
		if !ok {
			return nil, fmt.Errorf("%s names no dead letter; hint: want stream/message-id/index, as redis-postgres-sync dlq list "+
				"prints it", quoted(name))
		}
		origins[i] = o
	}
	return origins, nil
}

// parseName reads a name from its end: the name of a stream may hold slashes.
func parseName(name string) (o event.Origin, ok bool) {
	place := strings.LastIndexByte(name, '/')
	id := strings.LastIndexByte(name[:max(place, 0)], '/')
	if id <= 0 {
		return o, false
	}
	index, err := strconv.Atoi(name[place+1:])
	if err != nil || index < event.WholeMessage || index > math.MaxInt32 {
		return o, false
	}
	o = event.Origin{Stream: name[:id], MessageID: name[id+1 : place], Index: index}
	_, err = event.ParseEntryID(o.MessageID)
	return o, err == nil
}

const mostListed = 10_000

func dlqListCommand() *cobra.Command {
	var chosen letterChoice
	var state string
	var limit int
	var asJSON bool
	command := &cobra.Command{
		Use:   "list",
		Short: "List dead letters, those seen last first",
		Example: "  redis-postgres-sync dlq list\n" +
			"  redis-postgres-sync dlq list --state all --reason key_conflict --limit 500 --json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			choice, err := chosen.choice()
			if err != nil {
				return err
			}
			if choice.State, err = parseState(state); err != nil {
				return err
			}
			if limit < 1 || limit > mostListed {
				return fmt.Errorf("--limit %d; hint: want 1 to %d", limit, mostListed)
			}
			return withReplayer(cmd, func(r *replayer) error { return r.list(cmd.Context(), choice, limit, asJSON) })
		},
	}
	chosen.register(command.Flags())
	command.Flags().StringVar(&state, "state", "open", "only letters in this state: open, replayed, discarded, written or all")
	command.Flags().IntVar(&limit, "limit", 50, "most letters to list")
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return command
}

func parseState(text string) (pg.State, error) {
	switch state := pg.State(text); state {
	case pg.StateOpen, pg.StateReplayed, pg.StateDiscarded, pg.StateWritten:
		return state, nil
	case "all":
		return "", nil
	}
	return "", fmt.Errorf("--state %s is no state; hint: want open, replayed, discarded, written or all", quoted(text))
}

// listedLetter is a dead letter as JSON.
type listedLetter struct {
	Letter        string       `json:"letter"`
	Stream        string       `json:"stream"`
	MessageID     string       `json:"message_id"`
	Index         int          `json:"event_index"`
	Event         string       `json:"event_name"`
	SignatureHash *common.Hash `json:"event_signature_hash"`
	Network       string       `json:"network"`
	Reason        event.Reason `json:"reason"`
	Detail        string       `json:"detail"`
	SQLState      string       `json:"sqlstate,omitempty"`
	State         pg.State     `json:"state"`
	Attempts      int          `json:"attempts"`
	FirstSeen     time.Time    `json:"first_seen"`
	LastSeen      time.Time    `json:"last_seen"`
	PayloadBytes  int          `json:"payload_bytes"`
}

func listed(l pg.Letter) listedLetter {
	text := listedLetter{
		Letter: nameOf(l.Origin), Stream: l.Stream, MessageID: l.MessageID, Index: l.Index, Event: l.EventName,
		Network: l.Network, Reason: l.Reason, Detail: l.Detail, SQLState: l.SQLState, State: l.State, Attempts: l.Attempts,
		FirstSeen: l.FirstSeen.UTC(), LastSeen: l.LastSeen.UTC(), PayloadBytes: l.PayloadBytes,
	}
	if l.SignatureHash != (common.Hash{}) {
		text.SignatureHash = &l.SignatureHash
	}
	return text
}

func (r *replayer) list(ctx context.Context, c pg.Choice, limit int, asJSON bool) error {
	var letters []pg.Letter
	var counts []pg.ByReason
	err := r.engine.Persist(ctx, func(ctx context.Context) (err error) {
		if letters, err = r.letters.List(ctx, c, limit); err == nil {
			counts, err = r.letters.Count(ctx, c)
		}
		return err
	})
	if err != nil {
		return unfinished(ctx, err)
	}
	byReason, total := make(map[event.Reason]int), 0
	for _, n := range counts {
		byReason[n.Reason] = n.Letters
		total += n.Letters
	}
	if asJSON {
		return failed(printJSON(r.out, struct {
			Letters  []listedLetter       `json:"letters"`
			Total    int                  `json:"total"`
			ByReason map[event.Reason]int `json:"by_reason"`
		}{event.Map(letters, listed), total, byReason}))
	}
	printLetters(r.out, letters)
	if len(letters) == 0 {
		_, err := fmt.Fprintln(r.out, "no dead letters of this choice")
		return failed(err)
	}
	fmt.Fprintf(r.out, "\n%d of %s shown", len(letters), count(total, "dead letter"))
	if more := total - len(letters); more > 0 {
		fmt.Fprintf(r.out, ", %d more: --limit shows up to %d", more, mostListed)
	}
	_, err = fmt.Fprintf(r.out, "\nby reason: %s\n", strings.Join(event.Map(counts, func(n pg.ByReason) string {
		return fmt.Sprintf("%s %d", printable(string(n.Reason)), n.Letters)
	}), ", "))
	return failed(err)
}

func printLetters(w io.Writer, letters []pg.Letter) {
	if len(letters) == 0 {
		return
	}
	table := newTable(w)
	fmt.Fprintln(table, "LETTER\tEVENT\tNETWORK\tREASON\tSTATE\tATTEMPTS\tLAST SEEN\tDETAIL")
	for _, l := range letters {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\n", shellName(l.Origin), orDash(shortened(l.EventName, 40)),
			orDash(shortened(l.Network, 20)), printable(string(l.Reason)), l.State, l.Attempts, stamp(l.LastSeen), shortened(l.Detail, 80))
	}
	table.Flush()
}

func dlqShowCommand() *cobra.Command {
	var raw, asJSON bool
	command := &cobra.Command{
		Use:   "show <letter>",
		Short: "Show all of one dead letter",
		Example: "  redis-postgres-sync dlq show rindexer_producer/1735689600000-0/3\n" +
			"  redis-postgres-sync dlq show rindexer_producer/1735689600000-0/-1 --raw",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			names, err := parseNames(args)
			if err != nil {
				return err
			}
			if raw && asJSON {
				return errors.New("--raw and --json exclude each other; hint: --raw is for the payload alone")
			}
			return withReplayer(cmd, func(r *replayer) error { return r.show(cmd.Context(), names[0], raw, asJSON) })
		},
	}
	command.Flags().BoolVar(&raw, "raw", false, "write nothing but the payload, byte for byte")
	command.Flags().BoolVar(&asJSON, "json", false, "print JSON, payload included")
	return command
}

func (r *replayer) show(ctx context.Context, o event.Origin, raw, asJSON bool) error {
	var l pg.Letter
	err := r.engine.Persist(ctx, func(ctx context.Context) (err error) {
		l, err = r.letters.Find(ctx, o)
		return err
	})
	switch {
	case errors.Is(err, pg.ErrNoLetter):
		return failed(noLetter(o))
	case err != nil:
		return unfinished(ctx, err)
	case raw:
		_, err := r.out.Write(l.Payload)
		return failed(err)
	case asJSON:
		return failed(printJSON(r.out, struct {
			listedLetter
			Payload *string `json:"payload,omitempty"`
			Base64  []byte  `json:"payload_base64,omitempty"`
		}{listed(l), asText(l.Payload), asBinary(l.Payload)}))
	}
	return failed(printLetter(r.out, l))
}

func noLetter(o event.Origin) error {
	return fmt.Errorf("there is no dead letter %s; hint: redis-postgres-sync dlq list --state all shows which there are", shellName(o))
}

// asText returns bytes that are text, nil for others.
func asText(b []byte) *string {
	if !utf8.Valid(b) {
		return nil
	}
	text := string(b)
	return &text
}

// asBinary returns bytes that are no text, nil for others.
func asBinary(b []byte) []byte {
	if utf8.Valid(b) {
		return nil
	}
	return b
}

// mostShown bounds a payload on the terminal, in bytes.
const mostShown = 16 << 10

func printLetter(w io.Writer, l pg.Letter) error {
	index := strconv.Itoa(l.Index)
	if l.Index == event.WholeMessage {
		index += " (the whole message)"
	}
	topic0 := "-"
	if l.SignatureHash != (common.Hash{}) {
		topic0 = l.SignatureHash.Hex()
	}
	table := newTable(w)
	for _, line := range [][2]string{
		{"letter", shellName(l.Origin)}, {"stream", printable(l.Stream)}, {"message id", l.MessageID}, {"index", index},
		{"event", orDash(printable(l.EventName))}, {"topic0", topic0}, {"network", orDash(printable(l.Network))},
		{"reason", printable(string(l.Reason))}, {"detail", printable(l.Detail)}, {"sqlstate", orDash(l.SQLState)},
		{"state", string(l.State)}, {"attempts", strconv.Itoa(l.Attempts)},
		{"first seen", stamp(l.FirstSeen)}, {"last seen", stamp(l.LastSeen)},
		{"payload", count(l.PayloadBytes, "byte")},
	} {
		fmt.Fprintf(table, "%s\t%s\n", line[0], line[1])
	}
	table.Flush()
	shown := l.Payload[:min(len(l.Payload), mostShown)]
	_, err := fmt.Fprintf(w, "\n%s\n", printable(string(shown)))
	if rest := len(l.Payload) - len(shown); rest > 0 {
		_, err = fmt.Fprintf(w, "… and %s more: --raw writes all of them\n", count(rest, "byte"))
	}
	return err
}
