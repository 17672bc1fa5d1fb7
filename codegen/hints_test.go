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
		{"events:\n  Set:\n    table: x_events", `2: Vault declares 2 events Set; hint: name one as "Set(bool)"`},
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

// TestHintsOfSeveralFiles: files that agree about an event that they share are no contradiction.
func TestHintsOfSeveralFiles(t *testing.T) {
	hint := []byte("events: {Shared: {table: shared_by_all_events, indexes: [block_number, [a, block_number]], unindexed: []}}")
	out, err := Generate(Input{Module: module, ABIs: hintedABIs, Hints: map[string][]byte{
		"Vault.hints.yaml": hint, "Other.hints.yaml": hint,
	}})
	if err != nil {
		t.Fatal(err)
	}
	text := string(out.Files["schema/shared_by_all_events.gen.sql"])
	if strings.Count(text, "_block_number_idx ON") != 2 {
		t.Errorf("want each index once:\n%s", text)
	}
}

// TestHintByDeclaration: two events can differ in the names of parameters alone.
func TestHintByDeclaration(t *testing.T) {
	abis := map[string][]byte{"Vault.json": abiOf("Set(bool a)", "Set(bool b)")}
	for _, name := range []string{"Set(bool b)", "event Set(bool b)"} {
		out, err := Generate(Input{Module: module, ABIs: abis, Hints: map[string][]byte{
			"Vault.hints.yaml": []byte("events: {" + name + ": {table: second_events}}"),
		}})
		if err != nil || !strings.Contains(string(out.Files["schema/second_events.gen.sql"]), "b boolean") {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := Generate(Input{Module: module, ABIs: abis, Hints: map[string][]byte{
		"Vault.hints.yaml": []byte("events: {Set: {table: x_events}}"),
	}})
	if want := `hint: name one as "event Set(bool a)"`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %s", err, want)
	}
}

// TestHintedIndexNames: an index that a hint asks for takes its name as a table does.
func TestHintedIndexNames(t *testing.T) {
	out, err := Generate(Input{Module: module, ABIs: hintedABIs, Hints: map[string][]byte{
		"Vault.hints.yaml": []byte("events: {Deposited: {indexes: [block_timestamp, transaction_hash]}}"),
	}})
	text := string(out.Files["schema/deposited_events.gen.sql"])
	if err != nil || !strings.Contains(text, "CREATE INDEX deposited_events_block_timestamp_btree_idx ON deposited_events (block_timestamp);") ||
		!strings.Contains(text, "deposited_events_transaction_hash_btree_idx ON") {
		t.Errorf("%v\n%s", err, text)
	}

	first := map[string][]byte{"A.json": abiOf("A(bool xEvents, bool y)")}
	hints := map[string][]byte{"A.hints.yaml": []byte("events: {A: {indexes: [[x_events, y]]}}")}
	out, err = Generate(Input{Module: module, ABIs: first, Hints: hints})
	if err != nil {
		t.Fatal(err)
	}
	abis := merged(first, map[string][]byte{"B.json": abiOf("AEventsX(bool indexed y)", "AXEvents(bool indexed y)")})
	if _, err = Generate(Input{Module: module, ABIs: abis, Hints: hints, Lock: out.Lock}); err != nil {
		t.Errorf("an ABI is refused for its names: %v", err)
	}
	abis = merged(first, map[string][]byte{"B.json": abiOf("AEventsX(bool indexed y)")})
	if out, err = Generate(Input{Module: module, ABIs: abis}); err != nil {
		t.Fatal(err)
	}
	_, err = Generate(Input{Module: module, ABIs: abis, Hints: hints, Lock: out.Lock})
	want := "abi/A.hints.yaml:1: the index would be called a_events_x_events_y_idx, which is a name of a_events_x_events"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

// TestHintDocuments: what stands behind --- would be dropped.
func TestHintDocuments(t *testing.T) {
	_, err := Generate(Input{Module: module, ABIs: hintedABIs, Hints: map[string][]byte{
		"Vault.hints.yaml": []byte("exclude: Deposited\n---\nexclude: Shared\n"),
	}})
	if err == nil || !strings.Contains(err.Error(), "there is a second document") {
		t.Errorf("error %v", err)
	}
}
