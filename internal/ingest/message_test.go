package ingest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestBadItem: one event that cannot be written costs none of its neighbours.
func TestBadItem(t *testing.T) {
	f := newFixture(t, newDatabase(t))
	const bad = 150
	items := make([]any, 300)
	for i := range items {
		items[i] = f.deposited(9, int64(i))
	}
	items[bad] = f.deposited(9, bad).with("totalShares", "1"+strings.Repeat("0", 78))
	f.addPayload(f.message("Deposited", depositedTopic, items...).String())
	f.drain()
	f.wantRows("deposited_events", 299)
	f.want("SELECT count(*)::text FROM deposited_events WHERE network = $1 AND log_index = 150", "0")
	f.wantLetters("150 invalid_field open")
	f.wantPending(0)
	letter := f.query("SELECT convert_from(payload, 'UTF8') || '|' || event_name || '|' || network FROM dead_letters")[0]
	if want := fmt.Sprint(items[bad]) + "|Deposited|" + f.network; letter != want {
		t.Errorf("got %s, want %s", letter, want)
	}
	detail := f.query("SELECT detail FROM dead_letters")[0]
	if !strings.Contains(detail, "totalShares") || !strings.Contains(detail, "out of range for uint256") {
		t.Errorf("the detail names neither field nor reason: %s", detail)
	}
}

func TestMessages(t *testing.T) {
	t.Parallel()
	pool := newDatabase(t)
	const whole = `SELECT concat_ws(' ',
			encode(term_id, 'hex'), curve_id, assets, assets_after_fees, shares, total_shares, vault_type, encode(sender, 'hex'), encode(receiver, 'hex'), chain_id, block_number, log_index, transaction_index,
			block_timestamp AT TIME ZONE 'UTC')
		FROM deposited_events WHERE network = $1`
	deposited := func(f *fixture) object {
		return f.deposited(2036374, 214).with("termId", word(255)).with("totalShares",
			"115792089237316195423570985008687907853269984665640564039457584007913129639935")
	}
	exact := func(chainID string) string {
		return word(255) + " 1 1000000000000000000 5 5 " +
			"115792089237316195423570985008687907853269984665640564039457584007913129639935 2 " +
			address(2)[2:] + " " + address(3)[2:] + chainID + " 2036374 214 1 2025-08-29 10:52:36"
	}
	t.Run("of today", func(t *testing.T) {
		f := newFixture(t, pool)
		f.addPayload(f.message("Deposited", depositedTopic, deposited(f)).String())
		f.drain()
		f.want(whole, exact(" 1155"))
	})
	t.Run("of 0.28, whose items are of several blocks", func(t *testing.T) {
		f := newFixture(t, pool)
		both := f.message("Deposited", depositedTopic, f.deposited(5, 1), f.deposited(6, 1))
		f.addPayload(both.with("block_number", nil).String())
		f.drain()
		f.want("SELECT block_number::text FROM deposited_events WHERE network = $1 ORDER BY 1", "5", "6")
	})
	t.Run("of 0.16, with hexadecimal metadata and no chain_id", func(t *testing.T) {
		f := newFixture(t, pool)
		old := deposited(f).informed("block_number", "0x1f1296").informed("transaction_index", "0x1")
		old = old.informed("chain_id", nil)
		f.addPayload(f.message("Deposited", depositedTopic, old).with("block_number", nil).String())
		f.drain()
		f.want(whole, exact(""))
	})
	t.Run("of milliseconds", func(t *testing.T) {
		f := newFixture(t, pool)
		late := deposited(f).informed("block_timestamp", "0x198f57533a0")
		f.addPayload(f.message("Deposited", depositedTopic, late).String())
		f.drain()
		f.want("SELECT (block_timestamp AT TIME ZONE 'UTC')::text FROM deposited_events WHERE network = $1",
			"2025-08-29 10:52:35.616")
	})
	t.Run("delivered twice", func(t *testing.T) {
		f := newFixture(t, pool)
		f.addPayload(f.message("Deposited", depositedTopic, deposited(f)).String())
		f.drain()
		const physical = "SELECT concat_ws(' ', xmin, ctid, t) FROM deposited_events AS t WHERE network = $1"
		before := f.query(physical, f.network)
		f.addPayload(f.message("Deposited", depositedTopic, deposited(f)).String())
		f.addPayload(f.message("Deposited", depositedTopic, deposited(f), deposited(f)).String())
		f.drain()
		f.want(physical, before...)
		f.wantLetters()
	})
	for name, order := range map[string][]int{
		"with its timestamp and then without": {0, 1},
		"without its timestamp and then with": {1, 0},
	} {
		t.Run("delivered "+name, func(t *testing.T) {
			f := newFixture(t, pool)
			texts := []string{
				f.message("Deposited", depositedTopic, deposited(f)).String(),
				strings.Replace(f.message("Deposited", depositedTopic, deposited(f)).String(), `"0x68b18674"`, "null", 1),
			}
			for _, i := range order {
				f.addPayload(texts[i])
				f.drain()
			}
			f.want(whole, exact(" 1155"))
			f.wantLetters()
		})
	}
	t.Run("with items out of order", func(t *testing.T) {
		f := newFixture(t, pool)
		f.addPayload(f.message("Deposited", depositedTopic, f.deposited(5, 9), f.deposited(5, 2)).String())
		f.drain()
		f.want("SELECT log_index::text FROM deposited_events WHERE network = $1 ORDER BY log_index", "2", "9")
	})
	t.Run("of an event without parameters", func(t *testing.T) {
		f := newFixture(t, pool)
		f.addPayload(f.message("Rang", rangTopic, f.item(5, 0, object{})).String())
		f.addPayload(f.message("Rang", rangTopic, f.item(5, 1, object{})).with("event_signature_hash", nil).String())
		f.drain()
		f.want("SELECT concat_ws(' ', block_number, log_index, chain_id) FROM rang_events WHERE network = $1 ORDER BY log_index",
			"5 0 1155", "5 1 1155")
	})
	t.Run("of native transfers, which all have log index 0", func(t *testing.T) {
		f := newFixture(t, pool)
		const native = "0xce8688f853ffa65c042b72302433c25d7a230c322caba0901587534b6551091d"
		parameters := object{"from": address(1), "to": address(2), "value": "1"}
		first := f.item(5, 0, parameters).informed("address", address(0))
		second := first.informed("transaction_hash", "0x"+word(77))
		f.addPayload(f.message("NativeTransfer", native, first, second).String())
		f.addPayload(f.message("Transfer", transferTopic, f.item(5, 0, parameters)).String())
		f.drain()
		f.wantRows("generic_events", 2)
		f.wantRows("transfer_events", 1)
		f.wantLetters()
	})
	t.Run("of two events that are not one, under one key", func(t *testing.T) {
		f := newFixture(t, pool)
		f.addPayload(f.message("Deposited", depositedTopic, f.deposited(5, 0)).String())
		f.drain()
		other := f.deposited(5, 0).with("shares", "6")
		f.addPayload(f.message("Deposited", depositedTopic, other, f.deposited(5, 1)).String())
		f.drain()
		f.wantLetters("0 key_conflict open")
		f.want("SELECT shares::text FROM deposited_events WHERE network = $1 ORDER BY log_index", "5", "5")
	})
}

// TestRouting: the table of an item is that of its hash and its parameters' names.
func TestRouting(t *testing.T) {
	t.Parallel()
	pool := newDatabase(t)
	erc20 := object{"from": address(1), "to": address(2), "value": "1"}
	erc721 := object{"from": address(1), "to": address(2), "tokenId": "1"}
	for _, c := range []struct {
		name, event, topic string
		items              []object
		want               []string // tables that get a row each
		letters            []string
	}{
		{"two shapes of one hash in one message", "Transfer", transferTopic, []object{erc20, erc721, erc20},
			[]string{"erc721_transfer_events", "transfer_events", "transfer_events"}, nil},
		{"an alias with a hash", "VaultDeposit", transferTopic, []object{erc721}, []string{"erc721_transfer_events"}, nil},
		{"the alias of another event's name", "Deposited", transferTopic, []object{erc20}, []string{"transfer_events"}, nil},
		{"without hash, by name and parameter names", "Transfer", "", []object{erc721, erc20},
			[]string{"erc721_transfer_events", "transfer_events"}, nil},
		{"without hash, an alias", "VaultDeposit", "", []object{erc20}, []string{"generic_events"}, nil},
		{"without hash, other parameter names", "Transfer", "", []object{{"src": address(1), "dst": address(2), "wad": "1"}},
			[]string{"generic_events"}, nil},
		{"a key beside the parameters", "Transfer", transferTopic, []object{erc721.with("memo", "x")},
			[]string{"erc721_transfer_events"}, nil},
		{"parameters that do not tell the shape", "Transfer", transferTopic, []object{{"from": address(1), "to": address(2)}, erc20},
			[]string{"transfer_events"}, []string{"0 missing_field open"}},
		{"a value that fits the other shape only", "Transfer", transferTopic, []object{erc20.with("value", "x")},
			nil, []string{"0 invalid_field open"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t, pool)
			items := make([]any, len(c.items))
			for i, parameters := range c.items {
				items[i] = f.item(5, int64(i), parameters)
			}
			message := f.message(c.event, c.topic, items...)
			if c.topic == "" {
				message = message.with("event_signature_hash", nil)
			}
			f.addPayload(message.String())
			f.drain()
			var tables []string
			for _, table := range []string{"deposited_events", "erc721_transfer_events", "generic_events", "transfer_events"} {
				tables = append(tables, f.query("SELECT '"+table+"' FROM "+table+" WHERE network = $1", f.network)...)
			}
			if !slices.Equal(tables, c.want) {
				t.Errorf("got %q, want %q", tables, c.want)
			}
			f.wantLetters(c.letters...)
		})
	}
	t.Run("a generic event keeps what was sent", func(t *testing.T) {
		f := newFixture(t, pool)
		sent := object{"b": []any{1, "x", nil}, "a": object{"c": true}}
		f.addPayload(f.message("Odd", unknownTopic, f.item(5, 0, sent)).String())
		f.addPayload(f.message("Odd", unknownTopic, f.item(5, 1, object{})).with("event_signature_hash", nil).String())
		f.drain()
		f.want(`SELECT concat_ws(' ', event_name, encode(event_signature_hash, 'hex'), event_data, chain_id)
			FROM generic_events WHERE network = $1 ORDER BY log_index`,
			"Odd "+unknownTopic[2:]+` {"a": {"c": true}, "b": [1, "x", null]} 1155`,
			"Odd "+word(0)+" {} 1155")
	})
}

// TestRedeliveryChangesNothing: a group that starts over brings every entry again.
func TestRedeliveryChangesNothing(t *testing.T) {
	f := newFixture(t, newDatabase(t))
	for i, c := range malformedEntries() {
		f.add(c.make(f, int64(10*i)).fields)
		f.addPayload(f.good(int64(10*i+1), 2))
	}
	f.drain()
	snapshot := func() (rows []string) {
		for _, table := range []string{"deposited_events", "transfer_events", "noted_events", "generic_events", "reorgs"} {
			sql := "SELECT '" + table + "' || t FROM " + table + " AS t WHERE network = $1 ORDER BY 1"
			rows = append(rows, f.query(sql, f.network)...)
		}
		return append(rows, f.query(`SELECT concat_ws(' ', message_id, event_index, reason_code, state, md5(payload))
			FROM dead_letters WHERE stream = $1 ORDER BY 1`, f.stream)...)
	}
	before := snapshot()
	if err := f.client.XGroupSetID(t.Context(), f.stream, group, "0").Err(); err != nil {
		t.Fatal(err)
	}
	f.drain()
	if after := snapshot(); !slices.Equal(after, before) {
		t.Errorf("%d rows and letters became %d others", len(before), len(after))
	}
}
