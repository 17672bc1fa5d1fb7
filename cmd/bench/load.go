package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/events"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/ingest"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/recording"
)

// The generated load: what a busy contract of Intuition's emits, as rindexer 0.41 sends it.
const (
	accounts       = 5_000
	terms          = 20_000
	eventsPerBlock = 20
	secondsPer     = 2 // block
	genesis        = 1_750_000_000
	chainID        = 1155
	network        = "intuition"
)

// load is a sequence of messages. Message n is the same in every run, and each event has a key of its own.
type load interface {
	message(n int) string
	// events counts those of the messages from one number up to another.
	events(from, to int) int
	// tables are those that the events go to. The first messages, as many as held says, have a row for each.
	tables() []string
	held() int
}

// generated is a load of messages of so many events each, which go to the tables in turn.
type generated struct {
	definitions []*event.Definition
	perMessage  int
	account     []string
	term        []string
}

// favourites are the tables that are taken first: that of the loads of one table, and what an indexer of Intuition's writes most.
var favourites = []string{
	"deposited_events", "share_price_changed_events", "redeemed_events", "atom_created_events", "triple_created_events",
}

// newLoad returns a generated load for so many tables, with so many events in each message.
func newLoad(tables, perMessage int) (*generated, error) {
	l := &generated{perMessage: perMessage}
	all := slices.Clone(events.Catalog.All())
	slices.SortStableFunc(all, func(a, b *event.Definition) int { return rank(a) - rank(b) })
	for _, d := range all {
		if len(l.definitions) < tables && plain(d) {
			l.definitions = append(l.definitions, d)
		}
	}
	if len(l.definitions) < tables {
		return nil, fmt.Errorf("there are only %d tables that the load can fill", len(l.definitions))
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range accounts {
		l.account = append(l.account, randomHex(r, 20))
	}
	for range terms {
		l.term = append(l.term, randomHex(r, 32))
	}
	return l, nil
}

func rank(d *event.Definition) int {
	if i := slices.Index(favourites, d.Table); i >= 0 {
		return i
	}
	return len(favourites)
}

// plain reports whether the load has values for all of an event's parameters.
func plain(d *event.Definition) bool {
	return !d.Anonymous && !slices.ContainsFunc(d.Params, func(p event.Param) bool {
		switch p.Type.Kind {
		case event.KindBool, event.KindUint, event.KindAddress, event.KindFixedBytes, event.KindString, event.KindBytes:
			return p.Hashed || p.Alias != ""
		}
		return true
	})
}

func randomHex(r *rand.Rand, n int) string {
	b := make([]byte, 0, n+8)
	for len(b) < n {
		v := r.Uint64()
		b = append(b, byte(v), byte(v>>8), byte(v>>16), byte(v>>24), byte(v>>32), byte(v>>40), byte(v>>48), byte(v>>56))
	}
	return hex.EncodeToString(b[:n])
}

func (l *generated) events(from, to int) int { return (to - from) * l.perMessage }

func (l *generated) held() int { return len(l.definitions) }

func (l *generated) tables() []string {
	names := make([]string, len(l.definitions))
	for i, d := range l.definitions {
		names[i] = d.Table
	}
	return names
}

// message returns the payload of message n.
func (l *generated) message(n int) string {
	d := l.definitions[n%len(l.definitions)]
	r := rand.New(rand.NewPCG(2, uint64(n)))
	block, first := l.place(n)
	hash := randomHex(rand.New(rand.NewPCG(3, uint64(block))), 32)
	var b strings.Builder
	b.Grow(900 * l.perMessage)
	fmt.Fprintf(&b, `{"block_number":%d,"event_data":[`, block)
	for i := range l.perMessage {
		if i > 0 {
			b.WriteByte(',')
		}
		l.item(&b, d, r, block, first+i, hash)
	}
	fmt.Fprintf(&b, `],"event_name":"%s","event_signature_hash":"0x%x","network":"%s"}`, d.Name, d.Topic0, network)
	return b.String()
}

// place is the block of message n, and the position in it of the message's first event.
func (l *generated) place(n int) (block, first int) {
	if l.perMessage >= eventsPerBlock {
		return n + 1, 0
	}
	perBlock := eventsPerBlock / l.perMessage
	return n/perBlock + 1, n % perBlock * l.perMessage
}

// item writes an event with its keys in the order of the alphabet, as rindexer does.
func (l *generated) item(b *strings.Builder, d *event.Definition, r *rand.Rand, block, logIndex int, blockHash string) {
	const information = "transaction_information"
	keys := []string{information}
	types := map[string]*event.Type{}
	for _, p := range d.Params {
		keys = append(keys, p.Name)
		types[p.Name] = p.Type
	}
	slices.Sort(keys)
	for i, key := range keys {
		b.WriteByte("{,"[min(i, 1)])
		b.WriteString(strconv.Quote(key))
		b.WriteByte(':')
		if key == information {
			fmt.Fprintf(b, `{"address":"0x6e35cf57a41fa15ea0eae9c33e751b01a784fe7e","block_hash":"0x%s","block_number":%d,`+
				`"block_timestamp":"0x%x","chain_id":%d,"log_index":"0x%x","network":"%s","transaction_hash":"0x%s",`+
				`"transaction_index":%d}`, blockHash, block, genesis+secondsPer*block, chainID, logIndex, network,
				randomHex(r, 32), logIndex/2)
			continue
		}
		l.value(b, types[key], r)
	}
	b.WriteByte('}')
}

func (l *generated) value(b *strings.Builder, t *event.Type, r *rand.Rand) {
	switch t.Kind {
	case event.KindBool:
		fmt.Fprint(b, r.IntN(2) == 0)
	case event.KindAddress:
		fmt.Fprintf(b, `"0x%s"`, l.account[r.IntN(accounts)])
	case event.KindFixedBytes:
		fmt.Fprintf(b, `"%s"`, l.term[r.IntN(terms)])
	case event.KindUint:
		if t.Size <= 64 {
			fmt.Fprint(b, r.IntN(4))
			return
		}
		fmt.Fprintf(b, `"%d%04d"`, r.Uint64()>>r.IntN(30), r.IntN(10_000)) // some 10^18 to 10^23
	case event.KindString, event.KindBytes:
		fmt.Fprintf(b, `"%s"`, randomHex(r, 16+r.IntN(48)))
	}
}

// recorded is a load of what a real rindexer sent, again and again, each time as of another network.
type recorded struct {
	payloads []string
	counts   []int // events before each of the payloads, and at the end all of them
	names    []string
}

func newRecorded() (*recorded, error) {
	entries, err := recording.Entries("multivault")
	if err != nil {
		return nil, err
	}
	l := &recorded{counts: []int{0}}
	var messages []event.Message
	for _, e := range entries {
		payload := e.Fields.Payload
		l.payloads = append(l.payloads, payload)
		l.counts = append(l.counts, l.counts[len(l.counts)-1]+strings.Count(payload, `"transaction_information":`))
		messages = append(messages, event.Message{ID: e.ID, Payload: payload, HasPayload: true})
	}
	batch := ingest.NewDecider(events.Catalog, 64<<20).Decide(messages)
	for _, item := range batch.Items {
		if item.Definition == nil {
			return nil, fmt.Errorf("no ABI describes the recorded event %s", item.EventName)
		}
		if !slices.Contains(l.names, item.Definition.Table) {
			l.names = append(l.names, item.Definition.Table)
		}
	}
	return l, nil
}

func (l *recorded) message(n int) string {
	const network = `"network":"intuition-local"`
	copied := n / len(l.payloads)
	return strings.ReplaceAll(l.payloads[n%len(l.payloads)], network, fmt.Sprintf(`"network":"intuition-%d"`, copied))
}

func (l *recorded) events(from, to int) int { return l.before(to) - l.before(from) }

// before counts the events before message n.
func (l *recorded) before(n int) int {
	whole, part := n/len(l.payloads), n%len(l.payloads)
	return whole*l.counts[len(l.payloads)] + l.counts[part]
}

func (l *recorded) tables() []string { return l.names }

func (l *recorded) held() int { return len(l.payloads) }

// oneStream has all messages go to one stream.
func oneStream(int) string { return streamName }

// fill adds the messages from one number up to another, each to the stream that is its own.
func fill(ctx context.Context, client redis.UniversalClient, l load, stream func(n int) string, from, to int) error {
	const most, bytes = 200, 1 << 20
	for n := from; n < to; {
		pipeline := client.Pipeline()
		size := 0
		for ; n < to && pipeline.Len() < most && size < bytes; n++ {
			payload := l.message(n)
			size += len(payload)
			pipeline.XAdd(ctx, &redis.XAddArgs{Stream: stream(n), Values: []string{"payload", payload}})
		}
		if _, err := pipeline.Exec(ctx); err != nil {
			return fmt.Errorf("fill the stream: %w", err)
		}
	}
	return nil
}
