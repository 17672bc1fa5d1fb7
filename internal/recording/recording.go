// Package recording holds streams that rindexer 0.41.0 wrote while it indexed a real EVM node, and for some of them
// the logs as the node itself returned them. The demo and the tests play them; the service does not know of them.
//
// The contracts, their ABIs (folder abi) and the recordings were made for this project. A file of the folder
// insertion-order comes from a build of rindexer that writes JSON keys in the order of the ABI, the others from one
// that sorts them.
package recording

import (
	"compress/gzip"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/redis/go-redis/v9"
)

//go:embed data abi
var files embed.FS

// Entry is one entry of a stream, as rindexer added it.
type Entry struct {
	Stream string `json:"stream"`
	ID     string `json:"id"`
	Fields struct {
		Payload string `json:"payload"`
	} `json:"fields"`
}

// Log is one log of the canonical chain, as eth_getLogs returned it.
type Log struct {
	Address     common.Address `json:"address"`
	Topics      []common.Hash  `json:"topics"`
	Data        hexutil.Bytes  `json:"data"`
	BlockHash   common.Hash    `json:"blockHash"`
	BlockNumber hexutil.Uint64 `json:"blockNumber"`
	TxHash      common.Hash    `json:"transactionHash"`
	TxIndex     hexutil.Uint64 `json:"transactionIndex"`
	LogIndex    hexutil.Uint64 `json:"logIndex"`
	// BlockTimestamp is in seconds since 1970.
	BlockTimestamp hexutil.Uint64 `json:"blockTimestamp"`
}

// Entries returns the entries of a recording, such as "multivault" or "insertion-order/every-type", in the order of
// the streams.
func Entries(name string) ([]Entry, error) { return lines[Entry](name) }

// Logs returns the node's logs of a recording that has them.
func Logs(name string) ([]Log, error) { return lines[Log](name + ".logs") }

// ABI returns the ABI of a recorded contract, such as "EveryType".
func ABI(contract string) ([]byte, error) { return files.ReadFile("abi/" + contract + ".json") }

func lines[T any](name string) ([]T, error) {
	file, err := files.Open("data/" + name + ".jsonl.gz")
	if err != nil {
		return nil, fmt.Errorf("open recording: %w", err)
	}
	defer file.Close()
	text, err := gzip.NewReader(file)
	if err != nil {
		return nil, fmt.Errorf("read recording %s: %w", name, err)
	}
	var all []T
	for decoder := json.NewDecoder(text); ; {
		var line T
		switch err := decoder.Decode(&line); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("read recording %s, line %d: %w", name, len(all)+1, err)
		}
		all = append(all, line)
	}
}

// pipelined is the number of entries added in one round trip.
const pipelined = 500

// Play adds entries to Redis, each to the stream that rename makes of its own, with new ids, in their order.
func Play(ctx context.Context, client redis.UniversalClient, entries []Entry, rename func(string) string) error {
	for start := 0; start < len(entries); start += pipelined {
		_, err := client.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, e := range entries[start:min(start+pipelined, len(entries))] {
				p.XAdd(ctx, &redis.XAddArgs{Stream: rename(e.Stream), Values: []string{"payload", e.Fields.Payload}})
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("add entries: %w", err)
		}
	}
	return nil
}
