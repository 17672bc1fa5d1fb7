package ingest_test

import (
	"fmt"
	"strings"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// malformed is a way in which an entry is not as it should be. The items of the entry that is made are of a block.
type malformed struct {
	name string
	make func(f *fixture, block int64) entry
}

func malformedEntries() []malformed {
	all := append(malformedMessages(), malformedEnvelopes()...)
	all = append(all, malformedItems()...)
	return append(append(all, malformedText()...), notices()...)
}

// malformedMessages cannot be read as an object that holds items.
func malformedMessages() []malformed {
	all := []malformed{
		{"no payload", func(*fixture, int64) entry {
			return entry{
				fields:  map[string]string{"data": "{}", "event_data": "x\xff"},
				letters: []letter{{-1, "payload_missing", "", "open", `{"data":"{}","event_data":"base64:eP8="}`}},
			}
		}},
		{"no payload, and more than may be kept", func(*fixture, int64) entry {
			return entry{
				fields: map[string]string{"data": strings.Repeat("x", maxPayload), "more": "y"},
				letters: []letter{{-1, "payload_missing", "", "open",
					`{"data":"` + strings.Repeat("x", 1024) + `","more":"y"}`}},
			}
		}},
		{"an empty payload", func(*fixture, int64) entry { return dead(event.ReasonNotJSON, text("")) }},
		{"a payload that is cut off", func(*fixture, int64) entry { return dead(event.ReasonNotJSON, text(`{"event_name":`)) }},
		{"a payload that is cut off behind its items", func(f *fixture, block int64) entry {
			good := f.good(block, 2)
			return dead(event.ReasonNotJSON, text(good[:len(good)-1]))
		}},
		{"trailing bytes", func(f *fixture, block int64) entry {
			return dead(event.ReasonNotJSON, text(f.good(block, 1)+" {}"))
		}},
		{"a payload that is not UTF-8", func(f *fixture, block int64) entry {
			return dead(event.ReasonNotJSON, text(strings.Replace(f.good(block, 1), "Deposited", "Deposit\xff", 1)))
		}},
		{"a payload above the limit", func(f *fixture, block int64) entry {
			return dead(event.ReasonPayloadTooLarge, text(f.good(block, 1)+strings.Repeat(" ", maxPayload)))
		}},
		{"a payload nested without end", func(f *fixture, block int64) entry {
			deep := strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000)
			return dead(event.ReasonNotJSON, text(strings.Replace(f.good(block, 1), `"1000000000000000000"`, deep, 1)))
		}},
		{"8 MB in one item", func(f *fixture, block int64) entry {
			const topic = "0xfd579ad7468b1720e08f84efe16900074f3ffdaaeaa82e675e5aec69bf393189"
			return row("atom_created_events", f.message("AtomCreated", topic, f.item(block, 0, object{
				"creator": address(1), "termId": word(1), "atomData": strings.Repeat("ab", 4<<20), "atomWallet": address(2),
			})))
		}},
		{"other fields beside the payload", func(f *fixture, block int64) entry {
			fields := payload(text(f.good(block, 1)))
			fields["trace"], fields["data"] = "1", "\xff"
			return entry{fields: fields, rows: map[string]int{"deposited_events": 1}}
		}},
	}
	for _, value := range []string{`[]`, `"x"`, `null`, `7`, ` true `} {
		all = append(all, malformed{"a payload of " + value, func(*fixture, int64) entry {
			return dead(event.ReasonNotObject, text(value))
		}})
	}
	return all
}

func malformedEnvelopes() []malformed {
	type change = func(f *fixture, m object, block int64) entry
	all := []malformed{}
	add := func(name string, c change) {
		all = append(all, malformed{name, func(f *fixture, block int64) entry {
			return c(f, f.message("Deposited", depositedTopic, f.deposited(block, 0)), block)
		}})
	}
	typed := func(m object) entry { return row("deposited_events", m) }
	add("no items", func(f *fixture, m object, _ int64) entry { return nothing(m.with("event_data", []any{})) })
	add("event_data an object", func(f *fixture, m object, block int64) entry {
		return typed(m.with("event_data", f.deposited(block, 0)))
	})
	add("no event_data", func(_ *fixture, m object, _ int64) entry {
		return dead(event.ReasonEnvelope, m.with("event_data", nil))
	})
	add("event_data a string", func(_ *fixture, m object, _ int64) entry {
		return dead(event.ReasonEnvelope, m.with("event_data", "x"))
	})
	add("no event_name", func(_ *fixture, m object, _ int64) entry { return typed(m.with("event_name", nil)) })
	add("event_name null", func(_ *fixture, m object, _ int64) entry {
		return row("deposited_events", text(strings.Replace(m.String(), `"Deposited"`, "null", 1)))
	})
	add("event_name a number", func(_ *fixture, m object, _ int64) entry {
		return dead(event.ReasonEnvelope, m.with("event_name", 7))
	})
	add("no hash", func(_ *fixture, m object, _ int64) entry { return typed(m.with("event_signature_hash", nil)) })
	add("neither name nor hash", func(_ *fixture, m object, _ int64) entry {
		return dead(event.ReasonNameless, m.with("event_signature_hash", nil).with("event_name", nil))
	})
	add("an empty name and no hash", func(_ *fixture, m object, _ int64) entry {
		return dead(event.ReasonNameless, m.with("event_signature_hash", nil).with("event_name", ""))
	})
	add("a hash that is too short", func(_ *fixture, m object, _ int64) entry {
		return dead(event.ReasonEnvelope, m.with("event_signature_hash", "0xf7"))
	})
	add("a hash that is a number", func(_ *fixture, m object, _ int64) entry {
		return dead(event.ReasonEnvelope, m.with("event_signature_hash", 7))
	})
	add("an unknown event", func(_ *fixture, m object, _ int64) entry {
		return row("generic_events", m.with("event_name", "Odd").with("event_signature_hash", unknownTopic))
	})
	add("an unknown event without hash", func(_ *fixture, m object, _ int64) entry {
		return row("generic_events", m.with("event_name", "Odd").with("event_signature_hash", nil))
	})
	add("an unknown hash without name", func(_ *fixture, m object, _ int64) entry {
		return row("generic_events", m.with("event_name", nil).with("event_signature_hash", unknownTopic))
	})
	add("a known name with another hash", func(_ *fixture, m object, _ int64) entry {
		return row("generic_events", m.with("event_signature_hash", unknownTopic))
	})
	add("another network than the item's", func(_ *fixture, m object, _ int64) entry {
		return typed(m.with("network", "elsewhere"))
	})
	add("another block than the item's", func(_ *fixture, m object, block int64) entry {
		return typed(m.with("block_number", block+1))
	})
	add("no network and no block", func(_ *fixture, m object, _ int64) entry {
		return typed(m.with("block_number", nil).with("network", nil).with("message_id", nil))
	})
	add("unknown keys", func(f *fixture, m object, block int64) entry {
		item := f.deposited(block, 0).with("unheard", "of").informed("more", 1)
		return typed(m.with("schema", 3).with("event_data", []any{item}))
	})
	add("duplicate keys", func(f *fixture, m object, block int64) entry {
		twice := strings.Replace(m.String(), "{", `{"event_signature_hash":"x","event_data":7,"event_name":7,`, 1)
		return row("deposited_events", text(strings.Replace(twice, `"shares":`, `"shares":"no number","shares":`, 1)))
	})
	return all
}

func malformedItems() []malformed {
	all := []malformed{
		{"a number between two items", func(f *fixture, block int64) entry {
			return entry{
				fields:  payload(f.message("Deposited", depositedTopic, f.deposited(block, 0), 7, f.deposited(block, 1))),
				rows:    map[string]int{"deposited_events": 2},
				letters: []letter{{1, "item_not_an_object", "", "open", "7"}},
			}
		}},
		{"null, a string and an array as items", func(f *fixture, block int64) entry {
			return entry{
				fields: payload(f.message("Deposited", depositedTopic, nil, "x", []int{1}, f.deposited(block, 1))),
				rows:   map[string]int{"deposited_events": 1},
				letters: []letter{
					{0, "item_not_an_object", "", "open", "null"}, {1, "item_not_an_object", "", "open", `"x"`},
					{2, "item_not_an_object", "", "open", "[1]"},
				},
			}
		}},
		{"other parameter names than the ABI's", func(f *fixture, block int64) entry {
			return row("generic_events", f.message("Transfer", transferTopic,
				f.item(block, 0, object{"src": address(1), "dst": address(2), "wad": "1"})))
		}},
		{"other parameter names than those of the only shape", func(f *fixture, block int64) entry {
			return row("generic_events", f.message("Deposited", depositedTopic, f.item(block, 0, object{"who": address(1)})))
		}},
		{"an unknown event with a parameter of no value", func(f *fixture, block int64) entry {
			return row("generic_events", f.message("Odd", unknownTopic, f.item(block, 0, object{"a": []any{nil}})))
		}},
	}
	for _, c := range []struct {
		name   string
		reason event.Reason
		change func(object) object
	}{
		{"an item without one of its parameters", event.ReasonMissingField, func(o object) object { return o.with("shares", nil) }},
		{"an item without any of its parameters", event.ReasonMissingField, func(o object) object {
			return object{"transaction_information": o["transaction_information"]}
		}},
		{"a number that is out of range", event.ReasonInvalidField, func(o object) object { return o.with("vaultType", 256) }},
		{"a number with an exponent", event.ReasonInvalidField, func(o object) object { return o.with("shares", "1e18") }},
		{"an address of 19 bytes", event.ReasonInvalidField, func(o object) object { return o.with("sender", address(1)[:40]) }},
		{"an array in place of a number", event.ReasonInvalidField, func(o object) object { return o.with("assets", []int{1}) }},
		{"no transaction_information", event.ReasonNoMetadata, func(o object) object { return o.with("transaction_information", nil) }},
		{"a string as transaction_information", event.ReasonNoMetadata, func(o object) object {
			return o.with("transaction_information", "x")
		}},
		{"no block_hash", event.ReasonMissingField, func(o object) object { return o.informed("block_hash", nil) }},
		{"no transaction_hash", event.ReasonMissingField, func(o object) object { return o.informed("transaction_hash", nil) }},
		{"no network", event.ReasonMissingField, func(o object) object { return o.informed("network", nil) }},
		{"a block_number below zero", event.ReasonInvalidField, func(o object) object { return o.informed("block_number", -1) }},
		{"a block_number beyond bigint", event.ReasonInvalidField, func(o object) object {
			return o.informed("block_number", "9223372036854775808")
		}},
		{"a timestamp beyond any calendar", event.ReasonInvalidField, func(o object) object {
			return o.informed("block_timestamp", "0xffffffffffffffff")
		}},
		{"U+0000 in the network", event.ReasonInvalidField, func(o object) object { return o.informed("network", "a\x00b") }},
	} {
		all = append(all, malformed{c.name, func(f *fixture, block int64) entry {
			return deadItem(f, c.reason, "Deposited", depositedTopic, c.change(f.deposited(block, 0)))
		}})
	}
	return all
}

// malformedText is what PostgreSQL cannot hold in text or jsonb.
func malformedText() []malformed {
	odd := func(f *fixture, block int64, parameters string) string {
		item := f.item(block, 0, object{"a": "here"}).String()
		return f.message("Odd", unknownTopic, text(item)).replaced(`"a":"here"`, parameters)
	}
	return []malformed{
		{"U+0000 in a string", func(f *fixture, block int64) entry {
			return row("noted_events", f.message("Noted", notedTopic, f.item(block, 0, object{"note": "a\x00b"}))).written()
		}},
		{"U+0000 in a generic event", func(f *fixture, block int64) entry {
			return row("generic_events", text(odd(f, block, `"a":{"b":["\u0000"]}`))).written()
		}},
		{"U+0000 in a key of a generic event", func(f *fixture, block int64) entry {
			return row("generic_events", text(odd(f, block, `"\u0000":1`))).written()
		}},
		{"U+0000 in the name of a generic event", func(f *fixture, block int64) entry {
			return row("generic_events", f.message("O\x00dd", unknownTopic, f.item(block, 0, object{"a": 1}))).written()
		}},
		{"U+0000 in the alias of a known event", func(f *fixture, block int64) entry {
			return row("deposited_events", f.message("De\x00posited", depositedTopic, f.deposited(block, 0)))
		}},
		{"U+0000 in the name of what is refused", func(f *fixture, block int64) entry {
			return deadItem(f, event.ReasonNoMetadata, "O\x00dd", unknownTopic, object{"a": 1})
		}},
		{"a backslash and u0000, which is no U+0000", func(f *fixture, block int64) entry {
			return row("generic_events", text(odd(f, block, `"a":"\\u0000"`)))
		}},
		{"a number that numeric cannot hold", func(f *fixture, block int64) entry {
			return rejected("22003", text(odd(f, block, `"a":1e400000`)))
		}},
		{"half a surrogate pair", func(f *fixture, block int64) entry {
			return rejected("22P02", text(odd(f, block, `"a":"\ud83d"`)))
		}},
	}
}

// replaced returns the object's text, in which items that are text stand as they are, with a part replaced.
func (o object) replaced(old, replacement string) string {
	items := o["event_data"].([]any)
	raw := make([]string, len(items))
	for i, item := range items {
		raw[i] = fmt.Sprint(item)
	}
	whole := o.with("event_data", "ITEMS").String()
	return strings.Replace(strings.Replace(whole, `"ITEMS"`, "["+strings.Join(raw, ",")+"]", 1), old, replacement, 1)
}

const (
	reorgName  = "__rindexer_reorg"
	reorgTopic = "0x0000000000000000000000000000000000000000000000000000000000000000"
)

func notices() []malformed {
	notice := func(f *fixture, block int64) object {
		return object{
			"type": "reorg", "network": f.network, "fork_block": block, "depth": 3, "events_deleted": 7,
			"affected_tx_hashes": []any{},
		}
	}
	all := []malformed{
		{"a reorg notice", func(f *fixture, block int64) entry {
			return entry{fields: payload(f.message(reorgName, reorgTopic, notice(f, block))), reorgs: 1}
		}},
		{"a reorg notice of rindexer 0.37 with unknown fields", func(f *fixture, block int64) entry {
			old := notice(f, block).with("events_deleted", nil).with("depth", 0).with("unheard", []any{"of"})
			return entry{fields: payload(f.message(reorgName, reorgTopic, old)), reorgs: 1}
		}},
		{"a reorg notice without items", func(f *fixture, _ int64) entry { return nothing(f.message(reorgName, reorgTopic)) }},
		{"a reorg notice that jsonb cannot hold", func(f *fixture, block int64) entry {
			item := notice(f, block).with("more", "here").String()
			return rejected("22003", text(f.message(reorgName, reorgTopic, text(item)).replaced(`"here"`, "1e400000")))
		}},
	}
	for _, c := range []struct {
		name   string
		reason event.Reason
		change func(object) object
	}{
		{"depth a string", event.ReasonInvalidField, func(o object) object { return o.with("depth", "3") }},
		{"depth below zero", event.ReasonInvalidField, func(o object) object { return o.with("depth", -1) }},
		{"no fork_block", event.ReasonMissingField, func(o object) object { return o.with("fork_block", nil) }},
		{"no network", event.ReasonMissingField, func(o object) object { return o.with("network", nil) }},
	} {
		all = append(all, malformed{"a reorg notice with " + c.name, func(f *fixture, block int64) entry {
			return deadItem(f, c.reason, reorgName, reorgTopic, c.change(notice(f, block)))
		}})
	}
	return append(all, malformed{"a reorg notice that is no object", func(f *fixture, _ int64) entry {
		return deadItem(f, event.ReasonItemNotObject, reorgName, reorgTopic, "x")
	}})
}
