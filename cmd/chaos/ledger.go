package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
)

// ledger is what was sent. Everything about an event follows from its number, so the ledger is a count, and the list of
// the messages that Redis is known to have.
type ledger struct {
	seed    uint64
	streams []string
	kindOf  func(n int) kind // instead of what follows from the seed, if it is set

	adding   sync.Mutex // held while Redis is being given entries
	looking  sync.Mutex // held while what is acknowledged is looked up
	mu       sync.Mutex
	events   int       // those from 0 on are in Redis, each at least once
	messages []message // in the order in which they were added
}

// newLedger is one of nothing yet, for all streams.
func newLedger(seed uint64) *ledger { return &ledger{seed: seed, streams: streamNames} }

// nothing is the id of no entry.
var nothing event.EntryID

// message is one entry: the events from first up to, and not including, end.
type message struct {
	stream     string
	id         event.EntryID
	copied     event.EntryID // of an earlier copy; nothing if there is none, or Redis has not told it
	first, end int
	attempts   int  // to add it: Redis may have the entry as often
	excused    bool // Redis has lost it, maybe before anybody had read it
	decided    bool // it, or the copy, was seen to be acknowledged
}

type kind int

const (
	typed   kind = iota // a row of deposited_events
	generic             // a row of generic_events: no ABI describes it
	poison              // an item that does not decode: a dead letter
	rubbish             // a message that is not JSON, alone in it: a dead letter
)

// kind of event n: one in a hundred is poison, and of these one in eight a message of its own.
func (l *ledger) kind(n int) kind {
	if l.kindOf != nil {
		return l.kindOf(n)
	}
	switch r := splitmix(l.seed ^ uint64(n)); {
	case r%800 == 0:
		return rubbish
	case r%100 == 0:
		return poison
	case r%50 == 1:
		return generic
	}
	return typed
}

// splitmix scatters its argument. https://prng.di.unimi.it/splitmix64.c
func splitmix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

const (
	depositedHash = "0xf717428d3271f4ca44ee92a96ecda708463de1c200f30db4e295def5e8db6b4a"
	unknownName   = "Unheard"
	unknownHash   = "0x00000000000000000000000000000000000000000000000000000000c4a05000"
	// mark stands before the number in what becomes a dead letter.
	mark = "chaos-"
	// perBlock is the number of events in a block of the ledger's chain.
	perBlock = 20
)

// row is what PostgreSQL must hold of event n, in the order of chainColumns and paramColumns.
func (l *ledger) row(n int) []string {
	block, account := n/perBlock+1, fmt.Sprintf("%040x", splitmix(uint64(n))%5000)
	amount := func(salt uint64) string { return strconv.FormatUint(splitmix(uint64(n)+salt), 10) }
	return []string{
		digest(0xc1, n), strconv.Itoa(n % perBlock), "chaos", "1155", "6e35cf57a41fa15ea0eae9c33e751b01a784fe7e",
		strconv.Itoa(block), digest(0xb1, block), strconv.Itoa(1_700_000_000 + block), strconv.Itoa(n % 7),
		account, fmt.Sprintf("%040x", n%4999), digest(0xaa, n%20_000), amount(1), amount(2), amount(3), amount(4), amount(5),
		strconv.Itoa(n % 3),
	}
}

// genericRow is what PostgreSQL must hold of an event that no ABI describes.
func (l *ledger) genericRow(n int) []string {
	return append(l.row(n)[:9:9], unknownName, strings.TrimPrefix(unknownHash, "0x"), fmt.Sprintf(`{"what": "%d"}`, n))
}

// chainColumns read what all tables hold of an event as texts, and paramColumns what deposited_events does. created_at is
// the server's.
const (
	chainColumns = `encode(transaction_hash, 'hex'), log_index::text, network, chain_id::text, encode(address, 'hex'),
		block_number::text, encode(block_hash, 'hex'), extract(epoch FROM block_timestamp)::bigint::text, transaction_index::text`
	paramColumns = `encode(sender, 'hex'), encode(receiver, 'hex'), encode(term_id, 'hex'), curve_id::text, assets::text,
		assets_after_fees::text, shares::text, total_shares::text, vault_type::text`
)

func digest(tag byte, n int) string {
	var b [32]byte
	b[0] = tag
	for i := range 8 {
		b[31-i] = byte(n >> (8 * i))
	}
	return hex.EncodeToString(b[:])
}

// item is event n as rindexer writes it.
func (l *ledger) item(n int) string {
	r := l.row(n)
	information := fmt.Sprintf(`{"chain_id":%s,"network":"%s","address":"0x%s","block_hash":"0x%s","block_number":%s,`+
		`"block_timestamp":"0x%x","transaction_hash":"0x%s","log_index":"0x%x","transaction_index":%s}`,
		r[3], r[2], r[4], r[6], r[5], 1_700_000_000+n/perBlock+1, r[0], n%perBlock, r[8])
	if l.kind(n) == generic {
		return fmt.Sprintf(`{"what":"%d","transaction_information":%s}`, n, information)
	}
	sender := "0x" + r[9]
	if l.kind(n) == poison {
		sender = mark + strconv.Itoa(n) + "."
	}
	return fmt.Sprintf(`{"sender":"%s","receiver":"0x%s","termId":"%s","curveId":"%s","assets":"%s","assetsAfterFees":"%s",`+
		`"shares":"%s","totalShares":"%s","vaultType":%s,"transaction_information":%s}`,
		sender, r[10], r[11], r[12], r[13], r[14], r[15], r[16], r[17], information)
}

func (l *ledger) rubbish(n int) string { return mark + strconv.Itoa(n) + ". is no JSON" }

func (l *ledger) payload(m message) string {
	if l.kind(m.first) == rubbish {
		return l.rubbish(m.first)
	}
	name, hash := "Deposited", depositedHash
	if l.kind(m.first) == generic {
		name, hash = unknownName, unknownHash
	}
	items := make([]string, 0, m.end-m.first)
	for n := m.first; n < m.end; n++ {
		items = append(items, l.item(n))
	}
	return `{"event_name":"` + name + `","event_signature_hash":"` + hash + `","network":"chaos","event_data":[` +
		strings.Join(items, ",") + `]}`
}

// next cuts off the next message: up to most events of one kind of message.
func (l *ledger) next(first, most int, random *rand.Rand) message {
	m := message{stream: l.streams[random.IntN(len(l.streams))], first: first, end: first + 1}
	alone := func(n int) bool { return l.kind(n) == generic || l.kind(n) == rubbish }
	if !alone(first) {
		for m.end < first+most && !alone(m.end) {
			m.end++
		}
	}
	return m
}

// produce adds events at about so many a second until ctx ends or there are most of them. Like rindexer it adds again what
// Redis did not answer for; and now and then what it did answer for.
func (l *ledger) produce(ctx context.Context, client redis.UniversalClient, perSecond, most int) error {
	random := rand.New(rand.NewPCG(l.seed, 1))
	start, sent := time.Now(), 0
	for ctx.Err() == nil && sent < most {
		var batch []message
		for first := sent; len(batch) < 50 && first < most; {
			m := l.next(first, min(1+random.IntN(40), most-first), random)
			batch = append(batch, m)
			first = m.end
		}
		again := random.IntN(50) == 0
		if err := l.add(ctx, client, batch, again); err != nil {
			return err
		}
		sent = batch[len(batch)-1].end
		due := start.Add(time.Duration(float64(sent) / float64(perSecond) * float64(time.Second)))
		if wait := time.Until(due); wait > 0 {
			sleep(ctx, wait)
		} else if wait < -time.Second {
			start = start.Add(-wait) // Redis was away: what is late is not made up for
		}
	}
	return nil
}

// add returns when Redis has all of the messages. It gives up only when the run does.
func (l *ledger) add(ctx context.Context, client redis.UniversalClient, batch []message, again bool) error {
	payloads := make([]string, len(batch))
	for i, m := range batch {
		payloads[i] = l.payload(m)
	}
	ctx = context.WithoutCancel(ctx)
	l.adding.Lock()
	defer l.adding.Unlock()
	deadline := time.Now().Add(2 * time.Minute)
	copied := make([]event.EntryID, len(batch))
	for attempts := 1; ; attempts++ {
		commands, err := client.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i, m := range batch {
				p.XAdd(ctx, &redis.XAddArgs{Stream: m.stream, Values: []string{"payload", payloads[i]}})
			}
			return nil
		})
		if err == nil {
			told := event.Map(commands, func(c redis.Cmder) event.EntryID { return event.EntryIDOf(c.(*redis.StringCmd).Val()) })
			if again {
				again, copied = false, told
				continue
			}
			l.mu.Lock()
			for i, m := range batch {
				m.id, m.copied, m.attempts = told[i], copied[i], attempts
				l.messages = append(l.messages, m)
			}
			l.events = max(l.events, batch[len(batch)-1].end)
			l.mu.Unlock()
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("add to Redis: %w", err)
		}
		copied = make([]event.EntryID, len(batch)) // a Redis that fails may have lost them
		time.Sleep(20 * time.Millisecond)
	}
}

// sent is how many events there are.
func (l *ledger) sent() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.events
}

// withLetters are the messages of each event that must be a dead letter: several where it was sent in several.
func (l *ledger) withLetters() map[int][]message {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make(map[int][]message)
	for _, m := range l.messages {
		for n := m.first; n < m.end; n++ {
			if k := l.kind(n); k == poison || k == rubbish {
				all[n] = append(all[n], m)
			}
		}
	}
	return all
}

// latest are the last messages of a stream, the latest first.
func (l *ledger) latest(name string, most int) (found []message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range slices.Backward(l.messages) {
		if m.stream == name {
			if found = append(found, m); len(found) == most {
				break
			}
		}
	}
	return found
}

// owedScript returns of each stream where the group stands, and the entries that are pending; nothing where the group is not
// there. Then it may empty Redis, or destroy the group of the first stream.
const owedScript = `
local all = {}
for i, stream in ipairs(KEYS) do
  local groups = redis.pcall('XINFO', 'GROUPS', stream)
  if groups['err'] then return {} end
  for _, fields in ipairs(groups) do
    local group = {}
    for i = 1, #fields, 2 do group[fields[i]] = fields[i + 1] end
    if group['name'] == ARGV[1] then
      all[i] = {group['last-delivered-id']}
      for _, entry in ipairs(redis.call('XPENDING', stream, ARGV[1], '-', '+', 1000000)) do table.insert(all[i], entry[1]) end
    end
  end
  if not all[i] then return {} end
end
if ARGV[2] == 'FLUSHALL' then redis.call('FLUSHALL') end
if ARGV[2] == 'DESTROY' then redis.call('XGROUP', 'DESTROY', KEYS[1], ARGV[1]) end
return all`

// owed is which messages are not acknowledged, nor copies of them.
type owed func(message) bool

// owed asks Redis, and empties it then if that is the command. The error is errSpared where the group is not there.
func (l *ledger) owed(ctx context.Context, client redis.UniversalClient, command string) (owed, error) {
	return l.owedOf(ctx, client, l.streams, command)
}

// destroy destroys the group of a stream, and is errSpared where it is not there. The next one begins with nothing acknowledged.
func (l *ledger) destroy(ctx context.Context, client redis.UniversalClient, name string) error {
	_, err := l.owedOf(ctx, client, []string{name}, "DESTROY")
	return err
}

// owedOf is owed of some streams. What is acknowledged there is decided, whatever a group says of it later.
func (l *ledger) owedOf(ctx context.Context, client redis.UniversalClient, streams []string, command string) (owed, error) {
	reply, err := client.Eval(ctx, owedScript, streams, group, command).Slice()
	if err != nil {
		return nil, err
	}
	if len(reply) == 0 {
		return nil, errSpared
	}
	last, pending := make(map[string]event.EntryID), make(map[string]map[any]bool)
	for i, name := range streams {
		entries, _ := reply[i].([]any)
		text, _ := entries[0].(string)
		last[name], pending[name] = event.EntryIDOf(text), make(map[any]bool)
		for _, id := range entries[1:] {
			pending[name][id] = true
		}
	}
	of := func(name string, id event.EntryID) bool { return last[name].Before(id) || pending[name][id.String()] }
	owed := func(m message) bool {
		return of(m.stream, m.id) && (m.copied == nothing || of(m.stream, m.copied))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, m := range l.messages {
		l.messages[i].decided = m.decided || !owed(m)
	}
	return owed, nil
}

// flush empties Redis between two additions, and excuses the entries that were not acknowledged. The error is errSpared where
// the group is not there, and nothing was done.
func (l *ledger) flush(ctx context.Context, client redis.UniversalClient) error {
	l.adding.Lock()
	defer l.adding.Unlock()
	l.looking.Lock()
	defer l.looking.Unlock()
	lost, err := l.owed(ctx, client, "FLUSHALL")
	if err != nil {
		return err
	}
	l.excuse(lost)
	time.Sleep(2 * time.Millisecond) // so that no id is given out twice
	return nil
}

// forgotten excuses the latest entries that are not in Redis any more, of those that were not acknowledged some time ago.
func (l *ledger) forgotten(ctx context.Context, client redis.UniversalClient, owed owed) error {
	const latest = 5000 // more than are added in the seconds that an AOF may be behind
	gone := make(map[message]bool)
	for _, name := range l.streams {
		for _, m := range l.latest(name, latest) {
			gone[m] = true
			for _, id := range []event.EntryID{m.id, m.copied} {
				if id == nothing {
					continue
				}
				found, err := client.XRange(ctx, name, id.String(), id.String()).Result()
				if err != nil {
					return err
				}
				gone[m] = gone[m] && len(found) == 0
			}
		}
	}
	l.excuse(func(m message) bool { return gone[m] && owed(m) })
	return nil
}

// rolledBack excuses the entries that a Redis does not know which is as it was some time ago, of those that were not
// acknowledged in the one that it takes the place of, and returns how many entries it does not know. Nobody may add any
// meanwhile.
func (l *ledger) rolledBack(ctx context.Context, client redis.UniversalClient, owed owed) (missing int, err error) {
	last := make(map[string]event.EntryID)
	for _, name := range l.streams {
		state, err := stream.Inspect(ctx, client, name, group)
		if err != nil {
			return 0, err
		}
		last[name] = event.EntryIDOf(state.LastID)
	}
	for _, m := range l.messages {
		if last[m.stream].Before(m.id) {
			missing++
		}
	}
	l.excuse(func(m message) bool {
		return last[m.stream].Before(m.id) && (m.copied == nothing || last[m.stream].Before(m.copied)) && owed(m)
	})
	return missing, nil
}

// excuse excuses what is lost, of what was never acknowledged.
func (l *ledger) excuse(lost func(message) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, m := range l.messages {
		if !m.decided && lost(m) {
			l.messages[i].excused = true
		}
	}
}

// excused are the events that may be missing.
func (l *ledger) excused() map[int]bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	events := make(map[int]bool)
	for _, m := range l.messages {
		for n := m.first; n < m.end && m.excused; n++ {
			events[n] = true
		}
	}
	return events
}
