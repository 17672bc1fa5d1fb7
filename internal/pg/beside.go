package pg

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"
	"github.com/jackc/pgx/v5"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/db"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// chain is a network as one stream tells of it.
type chain struct{ stream, network string }

// block is a block that a batch saw, with the first and last entry that it was seen in.
type block struct {
	chain
	number      int64
	hash        common.Hash
	chainID     int64 // 0 where it is not known
	first, last event.Integer
}

// position is a stream id as one number: milliseconds times 10^20, plus the sequence number.
func position(messageID string) event.Integer {
	id := event.EntryIDOf(messageID)
	var p uint256.Int
	p.Mul(uint256.NewInt(id.MS), tenToThe20)
	p.AddUint64(&p, id.Seq)
	return event.Unsigned(p)
}

var tenToThe20 = new(uint256.Int).Exp(uint256.NewInt(10), uint256.NewInt(20))

// blocksOf collects the blocks of items, in the order of the key.
func blocksOf(items []event.Item) []block {
	var all []block
	id, at := "", event.Integer{} // of the entry before
	for i := range items {
		item, meta := &items[i], items[i].Row.Metadata()
		if item.MessageID != id {
			id, at = item.MessageID, position(item.MessageID)
		}
		b := block{chain{item.Stream, meta.Network}, meta.BlockNumber, meta.BlockHash, 0, at, at}
		if meta.ChainID != nil {
			b.chainID = *meta.ChainID
		}
		// Most often an event is of the block of the one before it, and comes behind it.
		if n := len(all); n > 0 && all[n-1].same(b) && all[n-1].last.Abs.Cmp(&at.Abs) <= 0 {
			all[n-1].last = at
			continue
		}
		all = append(all, b)
	}
	slices.SortFunc(all, func(a, b block) int {
		return cmp.Or(
			cmp.Compare(a.stream, b.stream),
			cmp.Compare(a.network, b.network),
			cmp.Compare(a.number, b.number),
			a.hash.Cmp(b.hash),
		)
	})
	var seen []block
	for _, b := range all {
		if n := len(seen); n > 0 && seen[n-1].same(b) {
			seen[n-1].join(b)
			continue
		}
		seen = append(seen, b)
	}
	return seen
}

// join makes b what both saw of one block.
func (b *block) join(other block) {
	if other.first.Abs.Lt(&b.first.Abs) {
		b.first = other.first
	}
	if other.last.Abs.Gt(&b.last.Abs) {
		b.last = other.last
	}
}

func (b block) same(other block) bool {
	return b.chain == other.chain && b.number == other.number && b.hash == other.hash
}

// headsOf returns the highest block of each chain.
func headsOf(seen []block) map[chain]int64 {
	heads := make(map[chain]int64)
	for _, b := range seen {
		heads[b.chain] = max(heads[b.chain], b.number)
	}
	return heads
}

// forgotten is the height below which the final blocks of a chain were forgotten last, and how often that was done.
type forgotten struct {
	below int64
	times int
}

// finalRange are the heights of a chain whose blocks are forgotten at once.
type finalRange struct{ first, below int64 }

// sweepEvery is how often what is final is looked for from the lowest block on: for what others held when it was to be
// forgotten, and for old blocks that were seen again. Each time between it is looked for where the last time ended, since
// PostgreSQL would read all that was forgotten before, until VACUUM has been there.
const sweepEvery = 64

// nowFinal returns, for the chains whose head has moved on by as much as makes a block final, the heights at which blocks
// are final now. It is not asked of every batch, so that forgetting them costs next to nothing. The head is as high as two
// batches agree it is, so that one wrong number does not make everything final.
func (w *Writer) nowFinal(seen []block, heads map[chain]int64) map[chain]finalRange {
	final := make(map[chain]finalRange)
	for _, b := range seen {
		depth := w.o.Finality(b.chainID)
		below := min(heads[b.chain], w.heads[b.chain]) - depth
		last := w.final[b.chain]
		if below <= last.below+depth {
			continue
		}
		first := last.below
		if last.times%sweepEvery == 0 {
			first = 0
		}
		final[b.chain] = finalRange{first, below}
	}
	return final
}

func putBlocks(ctx context.Context, queries *db.Queries, seen []block, final map[chain]finalRange) error {
	if len(seen) == 0 {
		return nil
	}
	var put db.PutBlocksParams
	for _, b := range seen {
		put.Streams = append(put.Streams, b.stream)
		put.Networks = append(put.Networks, b.network)
		put.Numbers = append(put.Numbers, b.number)
		put.Hashes = append(put.Hashes, b.hash[:])
		put.FirstPositions = append(put.FirstPositions, b.first)
		put.LastPositions = append(put.LastPositions, b.last)
	}
	if err := queries.PutBlocks(ctx, put); err != nil {
		return fmt.Errorf("record blocks: %w", err)
	}
	for c, r := range final {
		drop := db.DropFinalBlocksParams{Stream: c.stream, Network: c.network, First: r.first, Below: r.below}
		if err := queries.DropFinalBlocks(ctx, drop); err != nil {
			return fmt.Errorf("forget final blocks: %w", err)
		}
	}
	return nil
}

// putReorgs records the notices, and makes dead letters of those that PostgreSQL refuses: jsonb does not take all that
// is JSON.
func (w *Writer) putReorgs(ctx context.Context, tx pgx.Tx, batch *event.Batch) ([]event.DeadLetter, error) {
	if len(batch.Reorgs) == 0 {
		return nil, nil
	}
	err := recordReorgs(ctx, tx, batch.Reorgs)
	if !w.isData(err, batch) {
		return nil, err
	}
	var refused []event.DeadLetter
	for _, r := range batch.Reorgs {
		switch err := recordReorgs(ctx, tx, []event.Reorg{r}); {
		case err == nil:
		case w.isData(err, batch):
			letter := r.Letter(event.ReasonRejected, "")
			letter.SQLState, letter.Detail = explain(err)
			refused = append(refused, letter)
		default:
			return nil, err
		}
	}
	return refused, nil
}

// recordReorgs records notices under a savepoint.
func recordReorgs(ctx context.Context, tx pgx.Tx, reorgs []event.Reorg) error {
	var put db.PutReorgsParams
	for _, r := range reorgs {
		last := int64(-1) // NULL
		if r.LastBlock != nil {
			last = *r.LastBlock
		}
		put.Streams = append(put.Streams, r.Stream)
		put.MessageIds = append(put.MessageIds, r.MessageID)
		put.EventIndexes = append(put.EventIndexes, int32(r.Index))
		put.Networks = append(put.Networks, r.Network)
		put.ForkBlocks = append(put.ForkBlocks, r.ForkBlock)
		put.LastBlocks = append(put.LastBlocks, last)
		put.Notices = append(put.Notices, string(r.Notice))
	}
	err := underSavepoint(ctx, tx, func() error { return db.New(tx).PutReorgs(ctx, put) })
	if err != nil {
		return fmt.Errorf("record reorgs: %w", err)
	}
	return nil
}

// mergeLetters joins the letters of decoding with those of writing, in the order of the key. Where both have one for
// an item, that of writing counts: the other annotates a row that is not there.
func mergeLetters(decoded, refused []event.DeadLetter) []event.DeadLetter {
	all := append(slices.Clone(refused), decoded...)
	slices.SortStableFunc(all, func(a, b event.DeadLetter) int {
		return cmp.Or(
			cmp.Compare(a.Stream, b.Stream),
			cmp.Compare(a.MessageID, b.MessageID),
			cmp.Compare(a.Index, b.Index),
		)
	})
	return slices.CompactFunc(all, func(a, b event.DeadLetter) bool { return a.Origin == b.Origin })
}

// lettersBytes and lettersCount bound the letters of one statement: PostgreSQL takes no message above 1 GiB.
const (
	lettersBytes = 16 << 20
	lettersCount = 10_000
)

func putLetters(ctx context.Context, queries *db.Queries, letters []event.DeadLetter) error {
	for len(letters) > 0 {
		n, size := 1, sizeOf(letters[0])
		for ; n < len(letters) && n < lettersCount; n++ {
			if size += sizeOf(letters[n]); size > lettersBytes {
				break
			}
		}
		if err := queries.PutDeadLetters(ctx, letterParams(letters[:n])); err != nil {
			return fmt.Errorf("record dead letters: %w", err)
		}
		letters = letters[n:]
	}
	return nil
}

func sizeOf(l event.DeadLetter) int {
	return len(l.Payload) + len(l.EventName) + len(l.Network) + len(l.Detail)
}

func letterParams(letters []event.DeadLetter) (put db.PutDeadLettersParams) {
	for _, l := range letters {
		state, hash := "open", l.SignatureHash[:]
		if l.Written {
			state = "written"
		}
		if l.SignatureHash == (common.Hash{}) {
			hash = []byte{} // NULL
		}
		put.Streams = append(put.Streams, l.Stream)
		put.MessageIds = append(put.MessageIds, l.MessageID)
		put.EventIndexes = append(put.EventIndexes, int32(l.Index))
		put.EventNames = append(put.EventNames, cleaned(l.EventName))
		put.EventSignatureHashes = append(put.EventSignatureHashes, hash)
		put.Networks = append(put.Networks, cleaned(l.Network))
		put.ReasonCodes = append(put.ReasonCodes, string(l.Reason))
		put.Details = append(put.Details, cleaned(l.Detail))
		put.Sqlstates = append(put.Sqlstates, l.SQLState)
		put.Payloads = append(put.Payloads, l.Payload)
		put.States = append(put.States, state)
	}
	return put
}

func cleaned(s string) string {
	clean, _ := event.CleanText(s)
	return clean
}
