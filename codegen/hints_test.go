package codegen

import (
	"strings"
	"testing"
)

// hintedABIs declare what the hints below are about. Both files share Shared.
var hintedABIs = map[string][]byte{
	"Vault.json": abiOf("Deposited(address indexed sender, uint256 amount, string memo, bytes[] proofs, uint8[] kinds)",
		"Set(bool a)", "Set(uint8 a)", "Shared(bool a)"),
	"Other.json": abiOf("Shared(bool a)", "Paused()"),
}

func TestHints(t *testing.T) {
	out, err := Generate(Input{Module: module, ABIs: hintedABIs, Hints: map[string][]byte{
		"Vault.hints.yaml": []byte(`
# What somebody asked for goes before what is chosen: Other.json's Paused gives way.
exclude: [Set(bool), Shared]
events:
  Deposited:
    table: vault_deposited_events
    unindexed: sender
    indexes:
      - [sender, block_number]
      - memo
      - kinds
      - [amount]
  Set(uint8):
    table: paused_events
`),
		"Other.hints.yaml": []byte("events: {Shared: {table: shared_by_all_events}}"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	expectTables(t, out, map[string]string{
		"vault_deposited_events": "Deposited(address indexed sender, uint256 amount, string memo, bytes[] proofs, uint8[] kinds)",
		"paused_events":          "Set(uint8 a)",
		"shared_by_all_events":   "Shared(bool a)",
		"other_paused_events":    "Paused()",
	})
	schema := string(out.Files["schema/vault_deposited_events.gen.sql"])
	for _, want := range []string{
		"CREATE INDEX vault_deposited_events_sender_block_number_idx ON vault_deposited_events (sender, block_number);\n",
		"CREATE INDEX vault_deposited_events_memo_idx ON vault_deposited_events USING hash (memo);\n",
		"CREATE INDEX vault_deposited_events_kinds_idx ON vault_deposited_events USING gin (kinds);\n",
		"CREATE INDEX vault_deposited_events_amount_idx ON vault_deposited_events (amount);\n",
	} {
		if !strings.Contains(schema, want) {
			t.Errorf("there is no %s in\n%s", want, schema)
		}
	}
	if strings.Contains(schema, "_sender_idx") {
		t.Errorf("sender is indexed:\n%s", schema)
	}
	if lock := string(out.Lock); !strings.Contains(lock, "\npaused_events ") || strings.Contains(lock, "Set(bool") {
		t.Errorf("names.lock is\n%s", lock)
	}
}

// TestHintedNamesAreStable: a name that a hint has given stays when the hint goes.
func TestHintedNamesAreStable(t *testing.T) {
	abis := map[string][]byte{"A.json": abiOf("Set(bool a)")}
	hints := map[string][]byte{"A.hints.yaml": []byte("events: {Set: {table: switch_events}}")}
	first, err := Generate(Input{Module: module, ABIs: abis, Hints: hints})
	if err != nil {
		t.Fatal(err)
	}
	second := generate(t, abis, first.Lock)
	expectTables(t, second, map[string]string{"switch_events": "Set(bool a)"})
	expectSame(t, first.Files, second.Files)

	hints["A.hints.yaml"] = []byte("exclude: Set")
	third, err := Generate(Input{Module: module, ABIs: abis, Hints: hints, Lock: first.Lock})
	if err != nil || len(tablesOf(third)) > 0 || string(third.Lock) != string(first.Lock) {
		t.Errorf("error %v, tables %v, names.lock\n%s", err, tablesOf(third), third.Lock)
	}
	if len(third.Retired) != 1 || third.Retired[0] != (Retired{"switch_events", "event Set(bool a)"}) {
		t.Errorf("retired are %v", third.Retired)
	}
}

func TestHintErrors(t *testing.T) {
	locked := generate(t, map[string][]byte{"Other.json": hintedABIs["Other.json"]}, nil).Lock
	for _, c := range []struct{ hints, want string }{
		{"exclude: [", "1: it is no YAML: "},
		{"a: b\n c: d", "2: it is no YAML: "},
		{"- exclude", "1: there must be keys with values here"},
		{"\nexcluded: [Set]", `2: there is no hint "excluded"; hint: write exclude or events`},
		{"exclude:\n  - Sets\n", "2: Vault declares no event Sets; hint: it has Deposited, Set, Shared"},
		{"exclude:\n  - [Set]\n", "2: there must be a name here"},
		{"exclude: null", "1: there must be a name here"},
		{"exclude: Set(bool)\nexclude: Set(uint8)", "2: exclude stands here twice"},
		{"events:\n  Put:\n    table: put_events", "2: Vault declares no event Put"},
		{"events:\n  Shared:\n    Table: x_events", `3: there is no hint "Table" for an event; hint: write table, indexes or unindexed`},
		{"events:\n  Set:\n    table: x_events", "2: Vault declares 2 events Set; hint: name one as Set(bool)"},
		{"events:\n  Shared: {table: Shared_events}", `2: "Shared_events" is no name for a table of events`},
		{"events:\n  Shared: {table: shares}", `2: "shares" is no name for a table of events; hint: `},
		{"events:\n  Shared: {table: a" + strings.Repeat("b", 60) + "_events}", "_events is longer than 57 bytes"},
		{"events:\n  Deposited: {table: generic_events}", "2: the name generic_events, or one that comes with it, is taken by"},
		{"events:\n  Deposited: {table: paused_events}", "2: the name paused_events, or one that comes with it, is taken by paused_events"},
		{"events:\n  Shared: {table: shared_by_all_events}", "2: the table of Shared is shared_events, and names that stand never change"},
		{"events: {Shared: {table: x_events}}", "1: abi/Other.hints.yaml:1 calls the same event's table y_events"},
		{"exclude: Deposited\nevents:\n  Deposited: {}", "3: Deposited is excluded"},
		{"events:\n  Deposited:\n    unindexed: [amount]", "3: column amount of deposited_events has no index that could be left out"},
		{"events:\n  Deposited:\n    unindexed: [senders]", "3: column senders of deposited_events has no index"},
		{"events:\n  Deposited:\n    indexes:\n    - [amount,\n       nothing]", "5: deposited_events has no column nothing; hint: it has transaction_hash, "},
		{"events:\n  Deposited:\n    indexes: [sender]", "3: deposited_events has this index already"},
		{"events:\n  Deposited:\n    indexes:\n      - [amount, amount]", "4: column amount stands in the index twice"},
		{"events:\n  Deposited:\n    indexes:\n      - [amount, memo]", "4: column memo can only have an index of its own (hash)"},
		{"events:\n  Deposited:\n    indexes:\n      - proofs", "4: PostgreSQL has no index for column proofs"},
		{"events:\n  Deposited:\n    indexes:\n      - []", "4: an index has 1 to 32 columns"},
	} {
		hints := map[string][]byte{"Vault.hints.yaml": []byte(c.hints)}
		lock := locked
		if strings.Contains(c.want, "Other.hints") {
			hints["Other.hints.yaml"] = []byte("events: {Shared: {table: y_events}}")
			lock = nil
		}
		_, err := Generate(Input{Module: module, ABIs: hintedABIs, Hints: hints, Lock: lock})
		if err == nil || !strings.HasPrefix(err.Error(), "abi/Vault.hints.yaml:") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v, want %s", c.hints, err, c.want)
		}
	}
	_, err := Generate(Input{Module: module, ABIs: hintedABIs, Hints: map[string][]byte{"None.hints.yaml": []byte("exclude: a")}})
	if want := "abi/None.hints.yaml:1: abi/ has no None.json with events"; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("error %v, want %s", err, want)
	}
}

// TestAllErrorsAtOnce: whoever mends one file need not run the generator again for the next.
func TestAllErrorsAtOnce(t *testing.T) {
	_, err := Generate(Input{Module: module, ABIs: hintedABIs, Hints: map[string][]byte{
		"Vault.hints.yaml": []byte("exclude: [A, B]"), "Other.hints.yaml": []byte("events: {C: {}}"),
	}})
	if err == nil || strings.Count(err.Error(), "declares no event") != 3 {
		t.Errorf("error %v", err)
	}
}
