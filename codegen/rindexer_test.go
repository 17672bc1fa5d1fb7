package codegen

import (
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func manifest(t *testing.T, in Input) (text string, files map[string][]byte) {
	t.Helper()
	in.Module = module
	files, _, err := RindexerProject(in, DefaultStream)
	if err != nil {
		t.Fatal(err)
	}
	// An editor reads it before rindexer puts in what the variables hold.
	if err := yaml.Unmarshal(files["rindexer.yaml"], new(any)); err != nil {
		t.Errorf("the manifest is no YAML: %v\n%s", err, files["rindexer.yaml"])
	}
	return string(files["rindexer.yaml"]), files
}

// TestManifestOfOneContract shows all of a manifest.
func TestManifestOfOneContract(t *testing.T) {
	text, files := manifest(t, Input{
		ABIs: map[string][]byte{"Vault.json": []byte(`[
			{"type":"event","name":"Deposited","inputs":[{"name":"who","type":"address","indexed":true,"internalType":"address"},
				{"type":"tuple","internalType":"struct S","name":"s","components":[{"type":"uint","name":"a","internalType":"uint"}]}]},
			{"type":"event","name":"Set","inputs":[{"type":"bool"},{"type":"bool"}]},
			{"type":"event","name":"Set","inputs":[{"type":"bytes[]","name":"list"},{"type":"int64[]","name":"deltas"}]},
			{"type":"event","name":"Nested","inputs":[{"type":"uint8[][]","name":"m"}]},
			{"type":"event","name":"Hidden","anonymous":true}]`)},
		Deployments: map[string][]byte{"Vault.deployments.yaml": []byte(`
- {network: intuition, chain_id: 1155, address: "0x6E35cF57A41fA15eA0EaE9C33e751b01A784Fe7e", start_block: 42}
- {network: ethereum, chain_id: 1, address: "0x00000000000000000000000000000000000000aa"}`)},
	})
	_, got, _ := strings.Cut(text, "\nnetworks:")
	const want = `
  - name: intuition
    chain_id: 1155
    rpc: "${INTUITION_RPC_URL}"
  - name: ethereum
    chain_id: 1
    rpc: "${ETHEREUM_RPC_URL}"

contracts:
  # Not sent: event Hidden() anonymous
  #   rindexer finds logs by their first topic, which an anonymous event does not have.
  # Not sent: event Nested(uint8[][] m)
  #   rindexer panics over m, which is an array of arrays.
  - name: Vault
    details:
      - network: intuition
        address: "0x6e35cf57a41fa15ea0eae9c33e751b01a784fe7e"
        start_block: "42"
      - network: ethereum
        address: "0x00000000000000000000000000000000000000aa"
        start_block: "${VAULT_ETHEREUM_START_BLOCK}"
    abi: ./abis/Vault.json
    # Blocks are sent once they are deep enough: of all settings, only this one was exact through reorgs.
    reorg_safe_distance: true
    include_events:
      - Deposited
    streams:
      redis:
        connection_uri: "${REDIS_URL}"
        streams:
          - stream_name: rindexer_producer
            networks:
              - intuition
              - ethereum
            events:
              - event_name: Deposited
  - name: Vault_set
    details:
      - network: intuition
        address: "0x6e35cf57a41fa15ea0eae9c33e751b01a784fe7e"
        start_block: "42"
      - network: ethereum
        address: "0x00000000000000000000000000000000000000aa"
        start_block: "${VAULT_ETHEREUM_START_BLOCK}"
    abi: ./abis/Vault_set.json
    # Blocks are sent once they are deep enough: of all settings, only this one was exact through reorgs.
    reorg_safe_distance: true
    include_events:
      - Set
    streams:
      redis:
        connection_uri: "${REDIS_URL}"
        streams:
          - stream_name: rindexer_producer
            networks:
              - intuition
              - ethereum
            events:
              - event_name: Set
  - name: Vault_vault_set
    details:
      - network: intuition
        address: "0x6e35cf57a41fa15ea0eae9c33e751b01a784fe7e"
        start_block: "42"
      - network: ethereum
        address: "0x00000000000000000000000000000000000000aa"
        start_block: "${VAULT_ETHEREUM_START_BLOCK}"
    abi: ./abis/Vault_vault_set.json
    # Blocks are sent once they are deep enough: of all settings, only this one was exact through reorgs.
    reorg_safe_distance: true
    include_events:
      - Set
    streams:
      redis:
        connection_uri: "${REDIS_URL}"
        streams:
          - stream_name: rindexer_producer
            networks:
              - intuition
              - ethereum
            events:
              # rindexer sends list empty, whatever it holds: the column is NULL.
              # rindexer panics over a negative value of deltas: leave the event out if one can occur.
              - event_name: Set
`
	if got != want {
		t.Errorf("got\n%s", got)
	}
	abi := strings.Join(strings.Fields(string(files["abis/Vault.json"])), "")
	if want := `[{"type":"event","name":"Deposited","anonymous":false,"inputs":[` +
		`{"name":"who","type":"address","indexed":true},` +
		`{"name":"s","type":"tuple","indexed":false,"components":[{"name":"a","type":"uint256"}]}]}]`; abi != want {
		t.Errorf("the ABI is\n%s", abi)
	}
	abi = strings.Join(strings.Fields(string(files["abis/Vault_set.json"])), "")
	if want := `[{"type":"event","name":"Set","anonymous":false,"inputs":[` +
		`{"name":"param_1","type":"bool","indexed":false},{"name":"param_2","type":"bool","indexed":false}]}]`; abi != want {
		t.Errorf("the ABI is\n%s", abi)
	}
}

func TestManifestNames(t *testing.T) {
	text, files := manifest(t, Input{ABIs: map[string][]byte{
		"My.Filter-v2.json": abiOf("Paused()", "paused()", "Paused(bool a)", "Paused(bool indexed a)"),
		"my_filter_v2.json": abiOf("Yes()"),
		"合約.json":           abiOf("No()"),
		"123.json":          abiOf("Fine()"),
	}})
	for _, name := range []string{
		"My_Fil_ter_v2_3c11e2fd_paused", "My_Fil_ter_v2_3c11e2fd_my_fil_ter_v2_paused", "My_Fil_ter_v2_3c11e2fd_my_fil_ter_v2_paused_ecbf5874",
		"my_fil_ter_v2_a6518fb1", "Contract", "n123",
	} {
		if !strings.Contains(text, "  - name: "+name+"\n") || files["abis/"+name+".json"] == nil {
			t.Errorf("there is no contract %s in\n%s", name, text)
		}
	}
	for _, want := range []string{
		`name: "${NETWORK}"`, `chain_id: ${CHAIN_ID}`, `rpc: "${RPC_URL}"`, "networks:\n              - \"${NETWORK}\"\n",
		`event_name: "Yes"`, `event_name: "No"`, `address: "${N123_ADDRESS}"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %s in\n%s", want, text)
		}
	}
}

// TestManifestKeepsItsNames: rindexer begins an event again that has an entry of another name, and goes on where another
// one stopped if the entry has the name of that.
func TestManifestKeepsItsNames(t *testing.T) {
	sets := []string{"Set(bool a)", "Set(uint8 a)", "Other(bool a)"}
	before, _ := manifest(t, Input{ABIs: map[string][]byte{"Vault.json": abiOf(sets...)}})
	out := generate(t, map[string][]byte{"Vault.json": abiOf(sets...)}, nil)
	after, _, err := RindexerProject(Input{Module: module, Lock: out.Lock, ABIs: map[string][]byte{
		"Vault.json": abiOf(append([]string{"Set(address a)"}, sets...)...), "A.json": abiOf("Set(int8 a)"),
	}}, DefaultStream)
	if err != nil {
		t.Fatal(err)
	}
	_, contracts, _ := strings.Cut(before, "contracts:\n")
	for entry := range strings.SplitSeq(contracts, "  - name: ") {
		if !strings.Contains(string(after["rindexer.yaml"]), entry) {
			t.Errorf("this entry is gone:\n%s\nfrom\n%s", entry, after["rindexer.yaml"])
		}
	}
	if n := strings.Count(before, "\n  - name: "); n != 4 { // the network, the contract and two events
		t.Errorf("%d names in\n%s", n, before)
	}
}

// TestManifestSendsALogOnce: two declarations that differ in names would both take each log.
func TestManifestSendsALogOnce(t *testing.T) {
	text, files := manifest(t, Input{ABIs: map[string][]byte{
		"WETH.json": abiOf("Transfer(address indexed src, address indexed dst, uint256 wad)",
			"Transfer(address indexed from, address indexed to, uint256 value)"),
	}})
	if strings.Count(text, "event_name: Transfer") != 1 || len(files) != 2 ||
		!strings.Contains(text, "its logs are sent as event Transfer(address indexed") {
		t.Errorf("%d files, and\n%s", len(files), text)
	}
}

// TestManifestWarns: an entry that cannot be read is no less lost than one that rindexer cannot send.
func TestManifestWarns(t *testing.T) {
	_, warnings, err := RindexerProject(Input{Module: module, ABIs: map[string][]byte{"A.json": []byte(`[
		{"type":"event","name":"Fine"}, {"type":"event","name":"Odd","inputs":[{"type":"fixed128x18"}]}]`)}}, DefaultStream)
	if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0].String(), "Odd") {
		t.Errorf("%v, %v", warnings, err)
	}
}

func TestManifestLeavesOut(t *testing.T) {
	for param, why := range map[string]string{
		`{"type":"function","name":"p"}`:                                             "p, which is of type function",
		`{"type":"function[2]","name":"p"}`:                                          "p, which is of type function",
		`{"type":"string[2][]","name":"p"}`:                                          "p, which is an array of arrays",
		`{"type":"tuple[][]","name":"p","components":[{"type":"bool","name":"a"}]}`:  "p, which is an array of arrays",
		`{"type":"tuple","name":"p","components":[{"type":"uint8[][]","name":"a"}]}`: "p, which has a field that is an array of arrays",
		`{"type":"tuple","components":[{"type":"tuple","name":"a","components":[{"type":"bool","name":"b"}]}]}`: "parameter 1, " +
			"which is a struct with a struct in it",
		`{"type":"tuple","name":"p","indexed":true,"components":[{"type":"bool","name":"a"},{"type":"bool","name":"b"}]}`: "p, " +
			"which is an indexed struct of several fields",
	} {
		text, _ := manifest(t, Input{ABIs: map[string][]byte{"A.json": []byte(`[{"type":"event","name":"Fine"},
			{"type":"event","name":"Bad","inputs":[` + param + `]}]`)}})
		if !strings.Contains(text, "#   rindexer panics over "+why) || strings.Contains(text, "event_name: Bad") {
			t.Errorf("%s: no comment %s in\n%s", param, why, text)
		}
	}
	for _, param := range []string{
		`{"type":"uint8[][]","name":"p","indexed":true}`, `{"type":"string","name":"p","indexed":true}`,
		`{"type":"tuple[]","name":"p","components":[{"type":"tuple","name":"a","components":[{"type":"bool","name":"b"}]}]}`,
		`{"type":"tuple","name":"p","indexed":true,"components":[{"type":"bool","name":"a"}]}`,
	} {
		text, _ := manifest(t, Input{ABIs: map[string][]byte{"A.json": []byte(`[{"type":"event","name":"Good","inputs":[` + param + `]}]`)}})
		if !strings.Contains(text, "event_name: Good") {
			t.Errorf("%s is left out", param)
		}
	}
}

func TestDeploymentErrors(t *testing.T) {
	const address = `"0x00000000000000000000000000000000000000aa"`
	for text, want := range map[string]string{
		"a: b":       "abi/A.deployments.yaml: line 1: cannot unmarshal",
		"- {net: a}": "abi/A.deployments.yaml: line 1: field net not found",
		"- {chain_id: 1, address: " + address + "}":               "element 1: network \"\" is no name",
		"- {network: a b, chain_id: 1, address: " + address + "}": "element 1: network \"a b\" is no name",
		"- {network: a, address: " + address + "}":                "element 1: chain_id is missing",
		"- {network: a, chain_id: 1, address: 0xaa}":              "is not 0x and 40 hex digits",
		"- {network: a, chain_id: 1, address: " + address + "}\n- {network: a, chain_id: 2, address: " + address + "}": "network a " +
			"has chain_id 2 here and 1 elsewhere",
	} {
		_, _, err := RindexerProject(Input{
			Module: module, ABIs: map[string][]byte{"A.json": abiOf("Set()")},
			Deployments: map[string][]byte{"A.deployments.yaml": []byte(text)},
		}, DefaultStream)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
	_, _, err := RindexerProject(Input{
		Module: module, ABIs: map[string][]byte{"A.json": abiOf("Set()")},
		Deployments: map[string][]byte{"B.deployments.yaml": []byte("- {network: a, chain_id: 1, address: " + address + "}")},
	}, DefaultStream)
	if want := "abi/B.deployments.yaml: abi/ has no B.json with events; hint: "; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestAddDeployment(t *testing.T) {
	const name = "A.deployments.yaml"
	first := Deployment{Network: "ethereum", ChainID: 1, Address: "0x00000000000000000000000000000000000000aa", StartBlock: 7}
	second := first
	second.Network, second.ChainID, second.Source = "base", 8453, "https://example.org/?a=b&c"
	text, _, err := AddDeployment(name, nil, first)
	if err != nil || !strings.HasPrefix(string(text), "# Where the contract") {
		t.Fatalf("%v\n%s", err, text)
	}
	for _, standing := range []string{string(text) + "# mine", "# mine\n", "- {network: ethereum, chain_id: 1, address: \"" + first.Address + "\"}"} {
		all, err := parseDeploymentFile(name, []byte(standing))
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := AddDeployment(name, []byte(standing), second)
		if err != nil || !strings.HasPrefix(string(got), strings.TrimRight(standing, "\n")+"\n- network: base") {
			t.Errorf("%q: %v\n%s", standing, err, got)
			continue
		}
		if found, err := parseDeploymentFile(name, got); err != nil || len(found) != len(all)+1 || !reflect.DeepEqual(found[len(all)], second) {
			t.Errorf("%q: read back as %+v, %v", standing, found, err)
		}
	}
	for _, standing := range []string{"  " + strings.ReplaceAll(strings.TrimPrefix(string(text), deploymentsHead), "\n", "\n  "), "[]\n"} {
		if got, _, err := AddDeployment(name, []byte(standing), second); err == nil || !strings.Contains(err.Error(), "hint: add it by hand:\n- network: base") {
			t.Errorf("%q: %v\n%s", standing, err, got)
		}
	}
	moved := first
	moved.Address, moved.Implementations = strings.ToUpper(first.Address[2:]), []string{"0xbb"}
	moved.Address = "0x" + moved.Address
	same, standing, err := AddDeployment(name, text, moved)
	if err != nil || string(same) != string(text) || standing == nil || !reflect.DeepEqual(*standing, first) {
		t.Errorf("again: %v, %+v\n%s", err, standing, same)
	}
}
