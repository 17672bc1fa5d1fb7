package event

import (
	"bytes"
	"cmp"
	"time"

	"github.com/ethereum/go-ethereum/common"
)

// Meta is where and when a log was emitted: the columns that every event table begins with.
type Meta struct {
	// Network is the name that rindexer's manifest gives the chain.
	Network string
	// BlockNumber is the height of the block; LogIndex is the log's position in it.
	BlockNumber int64
	LogIndex    int64

	TransactionHash  common.Hash
	TransactionIndex int64
	BlockHash        common.Hash
	// BlockTimestamp is nil where the node did not tell.
	BlockTimestamp *time.Time
	// ChainID is nil in messages of rindexer before 0.25.
	ChainID *int64
	// Address is the contract that emitted the log.
	Address common.Address
}

// Metadata returns the metadata itself. Generated rows embed Meta and so become Rows.
func (m *Meta) Metadata() *Meta { return m }

// MetaColumns are the columns that Meta.Encode writes.
func MetaColumns() []string {
	return []string{
		"transaction_hash", "log_index", "network", "chain_id", "address", "block_number", "block_hash", "block_timestamp",
		"transaction_index",
	}
}

// Encode writes the metadata, which every row begins with.
func (m *Meta) Encode(to *Encoder) {
	to.Bytes(m.TransactionHash[:])
	to.Int8(m.LogIndex)
	to.Text(m.Network)
	EncodeNullable(to, m.ChainID, (*Encoder).Int8)
	to.Bytes(m.Address[:])
	to.Int8(m.BlockNumber)
	to.Bytes(m.BlockHash[:])
	EncodeNullable(to, m.BlockTimestamp, (*Encoder).Time)
	to.Int8(m.TransactionIndex)
}

// Key is the primary key of every event table: the log's place in its chain, and the transaction that tells
// apart what shares a place (native transfers all have log index 0).
type Key struct {
	Network         string
	BlockNumber     int64
	LogIndex        int64
	TransactionHash []byte // 32 bytes
}

// Key returns the log's primary key.
func (m *Meta) Key() Key {
	return Key{m.Network, m.BlockNumber, m.LogIndex, m.TransactionHash[:]}
}

// Compare orders keys as PostgreSQL does in the collation "C". Every writer inserts in this order, so that two of
// them cannot deadlock.
func (k Key) Compare(other Key) int {
	// Not cmp.Or, which would compare everything each time.
	if k.Network != other.Network {
		return cmp.Compare(k.Network, other.Network)
	}
	if k.BlockNumber != other.BlockNumber {
		return cmp.Compare(k.BlockNumber, other.BlockNumber)
	}
	if k.LogIndex != other.LogIndex {
		return cmp.Compare(k.LogIndex, other.LogIndex)
	}
	return bytes.Compare(k.TransactionHash, other.TransactionHash)
}
