// Command writelogs writes raw logs into the tables of their events, by way of the generated decoders and queries, as
// what fetches logs from a node does. The tests of package conformance build and run it within a copy of the project.
//
// It reads a log a line from its standard input, as JSON, and writes to DATABASE_URL.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/redis-postgres-sync/redis-postgres-sync/gen/events"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
)

// line is one log, and the table that it is for.
type line struct {
	Table            string
	Topics           []common.Hash
	Data             hexutil.Bytes
	Network          string
	ChainID          *int64
	Address          common.Address
	BlockHash        common.Hash
	BlockNumber      int64
	BlockTimestamp   *int64 // in seconds
	TransactionHash  common.Hash
	TransactionIndex int64
	LogIndex         int64
}

func main() {
	if err := run(context.Background(), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "writelogs:", err)
		os.Exit(1)
	}
}

// run prints how many logs became rows, how many stood already, and every dead letter.
func run(ctx context.Context, in io.Reader, out io.Writer) error {
	pool, err := pg.Connect(ctx, os.Getenv("DATABASE_URL"), 1)
	if err != nil {
		return err
	}
	defer pool.Close()
	writer := pg.NewWriter(pool, pg.Options{Finality: func(int64) int64 { return 64 }, MaxRefusals: 1})
	batch := &event.Batch{}
	flush := func() error {
		result, err := writer.Write(ctx, batch)
		batch = &event.Batch{}
		if err != nil {
			return err
		}
		fmt.Fprintln(out, result.Inserted, "inserted,", result.Duplicates, "stood already")
		for _, l := range result.DeadLetters {
			fmt.Fprintln(out, "dead letter:", l.Reason, l.EventName, l.Detail)
		}
		return nil
	}
	lines := bufio.NewReader(in)
	for decoder := json.NewDecoder(lines); decoder.More(); {
		var l line
		if err := decoder.Decode(&l); err != nil {
			return err
		}
		item, err := l.item()
		if err != nil {
			return err
		}
		const most = 500
		if batch.Items = append(batch.Items, item); len(batch.Items) == most {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

func (l line) item() (event.Item, error) {
	for _, d := range events.Catalog.All() {
		if d.Table != l.Table {
			continue
		}
		row := d.Handler.NewRow()
		if _, err := d.DecodeLog(event.Log{Topics: l.Topics, Data: l.Data}, row); err != nil {
			return event.Item{}, err
		}
		*row.Metadata() = l.metadata()
		return event.Item{Definition: d, Row: row, EventName: d.Name, SignatureHash: d.Topic0}, nil
	}
	return event.Item{}, fmt.Errorf("no table %s", l.Table)
}

func (l line) metadata() event.Meta {
	meta := event.Meta{
		Network:          l.Network,
		BlockNumber:      l.BlockNumber,
		LogIndex:         l.LogIndex,
		TransactionHash:  l.TransactionHash,
		TransactionIndex: l.TransactionIndex,
		BlockHash:        l.BlockHash,
		ChainID:          l.ChainID,
		Address:          l.Address,
	}
	if l.BlockTimestamp != nil {
		meta.BlockTimestamp = new(time.Unix(*l.BlockTimestamp, 0).UTC())
	}
	return meta
}
