package conformance_test

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/ethereum/go-ethereum/common"
	"github.com/jackc/pgx/v5"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/recording"
)

// rustTables are the tables of the Rust service, and the one in which sqlx kept its migrations.
const rustTables = `
	CREATE TABLE public._sqlx_migrations (version bigint PRIMARY KEY);
	CREATE TABLE public.generic_events (transaction_hash text NOT NULL, log_index bigint NOT NULL, address text NOT NULL,
		block_hash text NOT NULL, block_number bigint NOT NULL, network text NOT NULL, transaction_index bigint NOT NULL,
		block_timestamp timestamptz, created_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (transaction_hash, log_index));
	CREATE TABLE public.atom_created_events (LIKE public.generic_events INCLUDING ALL, atom_data text, raw_data bytea,
		atom_wallet text NOT NULL, creator text NOT NULL, term_id text NOT NULL);
	CREATE TABLE public.deposited_events (LIKE public.generic_events INCLUDING ALL, assets text NOT NULL,
		assets_after_fees text NOT NULL, curve_id text NOT NULL, receiver text NOT NULL, sender text NOT NULL,
		shares text NOT NULL, term_id text NOT NULL, total_shares text NOT NULL, vault_type smallint NOT NULL);
	CREATE TABLE public.triple_created_events (LIKE public.generic_events INCLUDING ALL, creator text NOT NULL,
		object_id text NOT NULL, predicate_id text NOT NULL, subject_id text NOT NULL, term_id text NOT NULL,
		counter_term_id text NOT NULL);
	CREATE TABLE public.redeemed_events (LIKE public.generic_events INCLUDING ALL, assets text NOT NULL,
		curve_id text NOT NULL, fees text NOT NULL, receiver text NOT NULL, sender text NOT NULL, shares text NOT NULL,
		term_id text NOT NULL, total_shares text NOT NULL, vault_type smallint NOT NULL);
	CREATE TABLE public.share_price_changed_events (LIKE public.generic_events INCLUDING ALL, term_id text NOT NULL,
		curve_id text NOT NULL, share_price text NOT NULL, total_assets text NOT NULL, total_shares text NOT NULL,
		vault_type smallint NOT NULL);
	ALTER TABLE public.generic_events ADD event_name text NOT NULL, ADD event_data jsonb NOT NULL`

// rust is what the Rust service has stored of streams, in every form in which its builds wrote.
type rust struct {
	rows   map[string][]map[string]any // by table, then by column
	stored int
	// lacks are the columns of the new row of which the old one says nothing, by the key of the new row.
	lacks map[string][]string
	// unhashed are the keys of generic events without their signature hash, by those with it.
	unhashed map[string]string
}

func newRust(t *testing.T, entries []recording.Entry) *rust {
	t.Helper()
	r := &rust{rows: map[string][]map[string]any{}, lacks: map[string][]string{}, unhashed: map[string]string{}}
	for _, e := range entries {
		var m message
		if err := json.Unmarshal([]byte(e.Fields.Payload), &m); err != nil {
			t.Fatal(err)
		}
		for _, raw := range m.EventData {
			r.store(t, m, raw)
		}
	}
	return r
}

// typedInRust are the events that had a table of their own.
var typedInRust = map[string]string{
	"AtomCreated": "atom_created_events", "Deposited": "deposited_events", "TripleCreated": "triple_created_events",
	"Redeemed": "redeemed_events", "SharePriceChanged": "share_price_changed_events",
}

func (r *rust) store(t *testing.T, m message, raw json.RawMessage) {
	t.Helper()
	var params map[string]any
	var item struct {
		Metadata metadata `json:"transaction_information"`
	}
	if err := errors.Join(json.Unmarshal(raw, &params), json.Unmarshal(raw, &item)); err != nil {
		t.Fatal(err)
	}
	meta, n := item.Metadata, r.stored
	r.stored++
	columns, lacks := rustMetadata(meta, n)
	table, isTyped := typedInRust[m.EventName]
	if isTyped || n%2 == 0 {
		lacks = append(lacks, "chain_id")
		delete(params, metadataKey)
	}
	if isTyped {
		rustParams(columns, params, n)
	} else {
		table = generic
		columns["event_name"], columns["event_data"] = m.EventName, canonical(params)
		r.unhashed[meta.key(m.SignatureHash.Hex())] = meta.key(common.Hash{}.Hex())
	}
	r.lacks[meta.key("")], r.lacks[meta.key(m.SignatureHash.Hex())] = lacks, lacks
	r.rows[table] = append(r.rows[table], columns)
}

// rustMetadata leaves the time out now and then.
func rustMetadata(meta metadata, n int) (columns map[string]any, lacks []string) {
	columns = map[string]any{
		"transaction_hash": spelled(meta.TransactionHash[:], n), "log_index": int64(meta.LogIndex),
		"address": spelled(meta.Address[:], n+1), "block_hash": spelled(meta.BlockHash[:], n+2),
		"block_number": int64(meta.BlockNumber), "network": meta.Network, "transaction_index": int64(meta.TransactionIndex),
		"block_timestamp": time.Unix(int64(*meta.BlockTimestamp), 0),
		"created_at":      time.Date(2025, 9, 1, 0, 0, n, 0, time.UTC),
	}
	if n%5 == 0 {
		columns["block_timestamp"], lacks = nil, []string{"block_timestamp"}
	}
	return columns, lacks
}

var upperCase = regexp.MustCompile("[A-Z]")

// rustParams adds the columns of the parameters.
func rustParams(columns, params map[string]any, n int) {
	for name, value := range params {
		column := strings.ToLower(upperCase.ReplaceAllString(name, "_$0"))
		switch text, _ := value.(string); {
		case name == "vaultType":
			columns[column] = int16(value.(float64))
		case name == "atomData":
			data := common.FromHex(text)
			columns["atom_data"], columns["raw_data"] = nil, data
			if utf8.Valid(data) {
				columns["atom_data"], columns["raw_data"] = string(data), nil
			}
		case name != "curveId" && strings.HasSuffix(name, "Id"), strings.HasPrefix(text, "0x"):
			columns[column] = spelled(common.FromHex(text), n+len(name))
		default:
			columns[column] = amount(text, n+len(name), name == "curveId")
		}
	}
	if id, isTriple := columns["object_id"]; isTriple {
		columns["counter_term_id"] = id // any will do: it stays where it is
	}
}

// spelled writes bytes as one build or another did.
func spelled(b []byte, n int) string {
	digits := hex.EncodeToString(b)
	switch n % 5 {
	case 0:
		return digits
	case 1:
		return strings.ToUpper(digits)
	case 2:
		return "0x" + strings.ToUpper(digits)
	case 3:
		if len(b) == common.AddressLength {
			return common.BytesToAddress(b).Hex() // mixed case: the checksum of EIP-55
		}
	}
	return "0x" + digits
}

var ambiguous = regexp.MustCompile("^0x[0-9]{2,}$")

// amount writes an integer as it came, or as hex, which of a curve must not look like decimal digits.
func amount(decimal string, n int, isCurve bool) string {
	value, _ := new(big.Int).SetString(decimal, 10)
	text := "0x" + value.Text(16)
	if n%3 == 0 || isCurve && ambiguous.MatchString(text) {
		return decimal
	}
	if n%3 == 1 {
		return "0x" + strings.ToUpper(value.Text(16))
	}
	return text
}

func (r *rust) copyTo(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	for table, rows := range r.rows {
		names := slices.Sorted(maps.Keys(rows[0]))
		source := pgx.CopyFromSlice(len(rows), func(i int) (values []any, _ error) {
			for _, name := range names {
				values = append(values, rows[i][name])
			}
			return values, nil
		})
		if _, err := conn.CopyFrom(t.Context(), pgx.Identifier{"public", table}, names, source); err != nil {
			t.Fatalf("fill %s: %v", table, err)
		}
	}
}

// knownTo is what of the rows the Rust service can hand on.
func (r *rust) knownTo(all contents) contents {
	known := contents{}
	for table, rows := range all {
		for key, columns := range rows {
			columns = maps.Clone(columns)
			for _, name := range r.lacks[key] {
				columns[name] = null
			}
			if table == generic {
				columns["event_signature_hash"] = canonical(common.Hash{}.Hex())
			}
			known.put(table, cmp.Or(r.unhashed[key], key), columns)
		}
	}
	return known
}
