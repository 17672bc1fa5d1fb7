package rindexer

import (
	"errors"
	"math"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// ErrNoMetadata is the error of an item without transaction_information.
var ErrNoMetadata = errors.New("the item has no transaction_information")

// maxNetworkLength bounds a network's name, which is part of every key. An index row holds 2,704 bytes at the most.
const maxNetworkLength = 255

// maxAgreed is longer than any text that says what it says in the usual way. A longer one is not remembered.
const maxAgreed = 80

// agreed is what the metadata read last said of what the events of a message, and those of one after another, most often
// agree on, with the text that said so. Rows share what is behind its pointers, and nobody changes it.
type agreed struct {
	blockHashText string
	blockHash     common.Hash
	addressText   string
	address       common.Address
	chainIDText   string
	chainID       *int64
	timestampText string
	timestamp     *time.Time
}

// Metadata reads the item's transaction_information. The error is nil, ErrNoMetadata or a *FieldError.
func (it *Item) Metadata() (event.Meta, error) {
	v, ok := it.find(metadataKey)
	if !ok || v.kind != '{' {
		return event.Meta{}, ErrNoMetadata
	}
	information := Item{m: it.m, fields: it.information}
	meta := event.Meta{
		Network:          information.network(),
		BlockNumber:      information.position("block_number"),
		LogIndex:         information.position("log_index"),
		TransactionIndex: information.position("transaction_index"),
	}
	information.Param("transaction_hash")
	meta.TransactionHash = information.Hash()
	last := &it.m.agreed
	if information.differs("block_hash", &last.blockHashText) {
		last.blockHash = information.Hash()
	}
	if information.differs("address", &last.addressText) {
		last.address = information.Address()
	}
	meta.BlockHash, meta.Address = last.blockHash, last.address
	if information.present("chain_id") {
		if information.differs("chain_id", &last.chainIDText) {
			id := information.position("chain_id")
			last.chainID = &id
		}
		meta.ChainID = last.chainID
	}
	if information.present("block_timestamp") {
		if information.differs("block_timestamp", &last.timestampText) {
			t := information.timestamp("block_timestamp")
			last.timestamp = &t
		}
		meta.BlockTimestamp = last.timestamp
	}
	if information.err != nil {
		*last = agreed{} // it may hold zeros for what did not decode
	}
	return meta, information.err
}

// differs makes the member the one to be read, and reports whether its text is another than the last one. A member that is
// missing has failed by then.
func (it *Item) differs(name string, last *string) bool {
	it.Param(name)
	text := it.v.raw(it.m.payload)
	if text == *last {
		return false
	}
	*last = ""
	if len(text) <= maxAgreed {
		*last = strings.Clone(text) // or a payload would live on for it
	}
	return true
}

// present reports whether the member is there and not null.
func (it *Item) present(name string) bool {
	v, ok := it.find(name)
	return ok && v.kind != 'n'
}

func (it *Item) network() string {
	it.Param("network")
	name, _ := it.str()
	switch {
	case len(name) > maxNetworkLength:
		it.fail("is longer than %d bytes", maxNetworkLength)
	case strings.IndexByte(name, 0) >= 0:
		it.fail("holds U+0000")
	}
	return name
}

// position reads a number that a bigint column holds: a height, an index, a chain id.
func (it *Item) position(name string) int64 {
	it.Param(name)
	v := it.Uint(64)
	if v > math.MaxInt64 {
		it.outOfRange("int", 64)
		return 0
	}
	return int64(v)
}

// maxSeconds is the latest time that timestamptz holds, in seconds since 1970.
var maxSeconds = uint64(time.Date(294276, 12, 31, 23, 59, 59, 0, time.UTC).Unix())

// timestamp reads seconds since 1970. Some chains give milliseconds, and rindexer passes them on unless its manifest
// says timestamps: true.
func (it *Item) timestamp(name string) time.Time {
	const latestSeconds = 1_000_000_000_000
	it.Param(name)
	v := it.Uint(64)
	if v <= latestSeconds {
		return time.Unix(int64(v), 0).UTC()
	}
	if v/1000 > maxSeconds {
		it.fail("%d is beyond the range of timestamptz", v)
		return time.Time{}
	}
	return time.UnixMilli(int64(v)).UTC()
}
