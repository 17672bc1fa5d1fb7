package conformance_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/recording"
)

// row is a row's columns as comparable text, without created_at.
type row map[string]string

// contents is what the tables hold: rows by table and by key.
type contents map[string]map[string]row

func (c contents) put(table, key string, r row) {
	if c[table] == nil {
		c[table] = map[string]row{}
	}
	c[table][key] = r
}

// key is the primary key in words.
func key(network string, block, logIndex uint64, transaction, topic0 string) string {
	text := fmt.Sprintf("network=%s block=%d log=%d transaction=%s", network, block, logIndex, transaction)
	if topic0 != "" {
		text += " signature=" + topic0
	}
	return text
}

// generic is the table of events that no ABI describes.
const generic = "generic_events"

// message is what is read of a payload.
type message struct {
	EventName     string            `json:"event_name"`
	SignatureHash common.Hash       `json:"event_signature_hash"`
	Network       string            `json:"network"`
	EventData     []json.RawMessage `json:"event_data"`
}

// metadata is what is read of an item's transaction_information.
type metadata struct {
	Network          string          `json:"network"`
	ChainID          *uint64         `json:"chain_id"`
	Address          common.Address  `json:"address"`
	BlockNumber      uint64          `json:"block_number"`
	BlockHash        common.Hash     `json:"block_hash"`
	BlockTimestamp   *hexutil.Uint64 `json:"block_timestamp"`
	TransactionHash  common.Hash     `json:"transaction_hash"`
	TransactionIndex uint64          `json:"transaction_index"`
	LogIndex         hexutil.Uint64  `json:"log_index"`
}

// letter is a dead letter that is expected for an item.
type letter struct {
	Stream        string
	MessageID     string
	Index         int
	EventName     string
	SignatureHash string
	Network       string
	Reason        string
	State         string
	Payload       string
}

// expectation is what must stand in the database once a recording is written.
type expectation struct {
	rows    contents
	letters map[string][]letter // by payload, without Stream and MessageID
	items   int                 // in all payloads, repeated ones included
	exceptions
}

// recorded makes expectations of a recording.
type recorded struct {
	*expectation
	tables  map[string]table // by declaration
	catalog catalog
	logs    map[position]recording.Log // nil where the recording has none
}

// position is where the node has a log.
type position struct {
	block common.Hash
	index uint64
}

// expect computes what the entries leave in tables, given the ABIs in catalog. Without logs the payload is believed.
func expect(t *testing.T, entries []recording.Entry, logs []recording.Log, c catalog, tables []table) *expectation {
	t.Helper()
	r := recorded{
		expectation: &expectation{rows: contents{}, letters: map[string][]letter{}, exceptions: exceptions{}},
		tables:      map[string]table{},
		catalog:     c,
	}
	for _, table := range tables {
		r.tables[normalized(table.comment)] = table
	}
	for _, log := range logs {
		if r.logs == nil {
			r.logs = map[position]recording.Log{}
		}
		r.logs[position{log.BlockHash, uint64(log.LogIndex)}] = log
	}
	for i, entry := range entries {
		if err := r.message(entry.Fields.Payload); err != nil {
			t.Fatalf("entry %d of the recording: %v", i, err)
		}
	}
	return r.expectation
}

func (r recorded) message(payload string) error {
	var m message
	if err := json.Unmarshal([]byte(payload), &m); err != nil {
		return err
	}
	for i, raw := range m.EventData {
		hadNUL, err := r.item(m, raw)
		if err != nil {
			return fmt.Errorf("%s, item %d: %w", m.EventName, i, err)
		}
		r.items++
		if hadNUL {
			r.letters[payload] = append(r.letters[payload], letter{
				Index: i, EventName: m.EventName, SignatureHash: m.SignatureHash.Hex(), Network: m.Network,
				Reason: "nul_in_text", State: "written", Payload: string(raw),
			})
		}
	}
	return nil
}

// item expects the row of one item.
func (r recorded) item(m message, raw json.RawMessage) (hadNUL bool, err error) {
	var params map[string]json.RawMessage
	if err := json.Unmarshal(raw, &params); err != nil {
		return false, err
	}
	var meta metadata
	if err := json.Unmarshal(params[metadataKey], &meta); err != nil {
		return false, err
	}
	delete(params, metadataKey)
	shapes := r.catalog.find(m.SignatureHash, params)
	if len(shapes) == 0 {
		return r.generic(m, meta, params)
	}
	return r.typed(shapes, meta, params)
}

// generic expects an event that no ABI describes: its parameters as they were sent. Native transfers all have log
// index 0, so the transaction is part of the identity here.
func (r recorded) generic(m message, meta metadata, params map[string]json.RawMessage) (hadNUL bool, err error) {
	var text reader
	data := map[string]any{}
	for name, raw := range params {
		v, err := decodeJSON(raw)
		if err != nil {
			return false, err
		}
		data[text.text(name)] = text.everywhere(v)
	}
	columns := meta.columns()
	columns["event_name"] = canonical(m.EventName)
	columns["event_signature_hash"] = canonical(m.SignatureHash.Hex())
	columns["event_data"] = canonical(data)
	return text.hadNUL, r.add(generic, meta.key(m.SignatureHash.Hex()), columns)
}

// everywhere cleans all text in a JSON value.
func (r *reader) everywhere(v any) any {
	switch v := v.(type) {
	case string:
		return r.text(v)
	case []any:
		for i := range v {
			v[i] = r.everywhere(v[i])
		}
	case map[string]any:
		cleaned := map[string]any{}
		for name, member := range v {
			cleaned[r.text(name)] = r.everywhere(member)
		}
		return cleaned
	}
	return v
}

// typed expects an event in a table of its own. The shapes differ in what is indexed at most.
func (r recorded) typed(shapes []shape, meta metadata, params map[string]json.RawMessage) (hadNUL bool, err error) {
	s := shapes[0]
	read := func(text *reader, i int) (any, error) { return text.sent(s.params[i], params[s.params[i].name]) }
	if r.logs != nil {
		log, ok := r.logs[position{meta.BlockHash, uint64(meta.LogIndex)}]
		if !ok {
			return false, errors.New("the node has no such log")
		}
		if i := slices.IndexFunc(shapes, func(s shape) bool { return 1+s.indexed() == len(log.Topics) }); i >= 0 {
			s = shapes[i]
		}
		values, err := decodeLog(s, log)
		if err != nil {
			return false, err
		}
		meta.of(log)
		read = func(text *reader, i int) (any, error) { return text.decoded(s.params[i], values[i]), nil }
	}
	table, ok := r.tables[normalized(s.declaration())]
	if !ok {
		return false, fmt.Errorf("no table's comment is %s", s.declaration())
	}
	columns := meta.columns()
	for i, p := range s.params {
		at := place{s.name, i + 1, p.declaration()}
		var text reader
		column, err := r.column(at, params[p.name], func() (any, error) { return read(&text, i) })
		if err == nil && text.notUTF8 {
			err = r.isNotUTF8(at)
		}
		if err != nil {
			return false, fmt.Errorf("parameter %s: %w", p.declaration(), err)
		}
		hadNUL = hadNUL || text.hadNUL
		columns[table.param(i)] = column
	}
	return hadNUL, r.add(table.name, meta.key(""), columns)
}

// column is what read returns, unless the parameter could not be carried.
func (r recorded) column(at place, raw json.RawMessage, read func() (any, error)) (string, error) {
	sent, err := decodeOptional(raw)
	if err != nil {
		return "", err
	}
	if r.isUncarried(at, sent) {
		return null, nil
	}
	value, err := read()
	return canonical(value), err
}

// decodeOptional returns nil for a key that is not there.
func decodeOptional(raw json.RawMessage) (any, error) {
	if raw == nil {
		return nil, nil
	}
	return decodeJSON(raw)
}

// add puts a row down. The same event comes once from each stream that has it, and must be the same each time.
func (r recorded) add(table, key string, columns row) error {
	for column, standing := range r.rows[table][key] {
		if columns[column] != standing {
			return fmt.Errorf("%s of %s: the recording has both %s and %s", column, key, standing, columns[column])
		}
	}
	r.rows.put(table, key, columns)
	return nil
}

// of takes from the node's log what it holds. Network and chain are not in it.
func (m *metadata) of(log recording.Log) {
	m.Address, m.LogIndex = log.Address, log.LogIndex
	m.BlockNumber, m.BlockHash = uint64(log.BlockNumber), log.BlockHash
	m.TransactionHash, m.TransactionIndex = log.TxHash, uint64(log.TxIndex)
	if m.BlockTimestamp != nil { // rindexer may send none
		m.BlockTimestamp = &log.BlockTimestamp
	}
}

func (m metadata) key(topic0 string) string {
	return key(m.Network, m.BlockNumber, uint64(m.LogIndex), m.TransactionHash.Hex(), topic0)
}

func (m metadata) columns() row {
	timestamp := null
	if m.BlockTimestamp != nil {
		timestamp = canonical(time.Unix(int64(*m.BlockTimestamp), 0).UTC().Format("2006-01-02T15:04:05+00:00"))
	}
	return row{
		"transaction_hash":  canonical(m.TransactionHash.Hex()),
		"log_index":         canonical(uint64(m.LogIndex)),
		"network":           canonical(m.Network),
		"chain_id":          canonical(m.ChainID),
		"address":           canonical(strings.ToLower(m.Address.Hex())),
		"block_number":      canonical(m.BlockNumber),
		"block_hash":        canonical(m.BlockHash.Hex()),
		"block_timestamp":   timestamp,
		"transaction_index": canonical(m.TransactionIndex),
	}
}

// lettersFor returns the dead letters of published entries.
func (e *expectation) lettersFor(all []published) []letter {
	var letters []letter
	for _, entry := range all {
		for _, l := range e.letters[entry.payload] {
			l.Stream, l.MessageID = entry.stream, entry.id
			letters = append(letters, l)
		}
	}
	return letters
}
