package codegen

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
)

func TestUnreadableFilesAreErrors(t *testing.T) {
	_, err := Generate(Input{Module: module, ABIs: map[string][]byte{
		"Comma.json":      []byte("[\n  {\"type\": \"event\"},\n]"),
		"Empty.json":      nil,
		"Fine.json":       abiOf("Set(uint8 a)"),
		"HTML.json":       []byte("<!DOCTYPE html>"),
		"NoABI.json":      []byte("\n{\"name\": \"package\"}"),
		"Number.json":     []byte("17"),
		"Null.json":       []byte("null"),
		"Object.json":     []byte(`{"abi": {}}`),
		"Tail.json":       []byte("[]\n[]"),
		"Text.json":       []byte("{\"name\": \"a\",\n \"nested\": [{\"abi\": \"none\"}]}"),
		"UTF16.json":      []byte("\xff\xfe[\x00]\x00"),
		"Unverified.json": []byte(`{"status":"0","message":"NOTOK","result":"Contract source code not verified"}`),
	}})
	if err == nil {
		t.Fatal("no error")
	}
	want := []string{
		"abi/Comma.json:3:1: not JSON", "abi/Empty.json:1:1: not JSON", "abi/HTML.json:1:1: not JSON",
		"abi/NoABI.json:2:1: it holds no ABI", "abi/Null.json:1:1: it holds no ABI", "abi/Number.json:1:1: it holds no ABI",
		`abi/Object.json:1:1: it holds no ABI`, "abi/Tail.json:2:1: not JSON", "abi/Text.json:2:21: there is text where",
		"abi/UTF16.json:1:1: not JSON", `abi/Unverified.json:1:42: it is an explorer's answer without an ABI: "Contract source`,
	}
	got := strings.Split(err.Error(), "\n")
	for i, prefix := range want {
		if i >= len(got) || !strings.HasPrefix(got[i], prefix) {
			t.Fatalf("errors are\n%v\nwant one each of\n%s", err, strings.Join(want, "\n"))
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d errors, want %d", len(got), len(want))
	}
}

func TestToleratedFiles(t *testing.T) {
	const entry = `{"type":"event","name":"Set","inputs":[{"type":"uint"}]}`
	const artifact = `{"_format":"hh-sol-artifact-1","contractName":"A","abi":[` + entry + `],"bytecode":"0x"}`
	quoted := strconv.Quote("[" + entry + "]")
	for what, text := range map[string]string{
		"array":               "[" + entry + "]",
		"artifact":            artifact,
		"contract called ABI": `{"contracts":{"a.sol":{"ABI":{"abi":[` + entry + `]},"abi":{"abi":[]}}},"exportedSymbols":{"ABI":[12]}}`,
		"byte order mark":     "\ufeff [" + entry + "]",
		"things not events":   `[{"type":"constructor","inputs":5},{"type":"error","name":""},{"name":"f"},` + entry + `]`,
		"no type": `[{"name":"Set","inputs":[{"type":"uint256","indexed":false}]},{"name":"f","inputs":[{"type":"bool"}]},
			{"inputs":[]}]`,
		"type in another case":                `[{"type":"Event","name":"Set","inputs":[{"type":"uint"}]}]`,
		"human-readable":                      `["event Set(uint)", "function f(bool)", "error E()", "constructor()", ""]`,
		"artifact with metadata":              `{"metadata":{"output":{"abi":[5]}},"abi":[` + entry + `]}`,
		"metadata of the compiler":            `{"compiler":{},"output":{"abi":[` + entry + `],"devdoc":{"abi":null}}}`,
		"artifact of 0x":                      `{"compilerOutput":{"abi":[` + entry + `]}}`,
		"output of the compiler":              `{"contracts":{"a.sol":{"A":{"abi":[` + entry + `]},"B":{"abi":[]}}}}`,
		"combined JSON":                       `{"contracts":{"a.sol:A":{"abi":` + quoted + `}},"version":"0.7"}`,
		"export of a deployment":              `{"31337":[{"name":"localhost","contracts":{"A":{"address":"0x","abi":[` + entry + `]}}}]}`,
		"list of artifacts":                   "[" + artifact + "," + artifact + "]",
		"an explorer's ABI":                   `{"status":"1","message":"OK","result":` + quoted + `}`,
		"an explorer's ABI, not quoted":       `{"status":"1","result":[` + entry + `]}`,
		"an explorer's source":                `{"status":"1","result":[{"SourceCode":"","ABI":` + quoted + `}]}`,
		"parameters of types without a width": `[{"type":"event","name":"Set","inputs":[{"type":" uint "}]}]`,
	} {
		t.Run(what, func(t *testing.T) {
			out := generate(t, map[string][]byte{"A.json": []byte(text)}, nil)
			expectTables(t, out, map[string]string{"set_events": "Set(uint256)"})
		})
	}
}

func TestFilesWithoutEvents(t *testing.T) {
	out, err := Generate(Input{Module: module, ABIs: map[string][]byte{"A.json": []byte(`[{"type":"fallback"}]`)}})
	const want = "abi/A.json: it declares no events"
	if err != nil || len(out.Warnings) != 1 || !strings.HasPrefix(out.Warnings[0].String(), want) {
		t.Errorf("%v, warnings %v, want %s", err, out.Warnings, want)
	}
}

// TestSourceTypes: where an ABI has the type that the contract's source has, the ABI's type is found if that can be.
func TestSourceTypes(t *testing.T) {
	for param, want := range map[string]string{
		`{"type":"Lib.Kind","internalType":"enum Lib.Kind","name":"p"}`:                     "uint8 p",
		`{"type":"Lib.Kind[2][]","internalType":"enum Lib.Kind[2][]","name":"p"}`:           "uint8[2][] p",
		`{"type":"IERC20","internalType":"contract IERC20","name":"p"}`:                     "address p",
		`{"type":"contract IERC20","name":"p"}`:                                             "address p",
		`{"type":"enum Kind","name":"p","indexed":true}`:                                    "uint8 indexed p",
		`{"type":"address payable","name":"p"}`:                                             "address p",
		`{"type":"byte","name":"p"}`:                                                        "bytes1 p",
		`{"internalType":"uint96","name":"p"}`:                                              "uint96 p",
		`{"type":"function","internalType":"function (bool) external"}`:                     "function",
		`{"type":"uint8","internalType":"contract Odd","name":"p"}`:                         "uint8 p",
		`{"type":"bytes32","internalType":"PoolId","name":"p"}`:                             "bytes32 p",
		`{"type":"(address,uint)[]","name":"p"}`:                                            "(address, uint256)[] p",
		`{"type":"tuple(address a, (bool b)[2] c)","name":"p"}`:                             "(address a, (bool b)[2] c) p",
		`{"type":"Lib.S","internalType":"struct Lib.S","components":[{"type":"bool"}]}`:     "(bool)",
		`{"type":"tuple[]","components":[{"type":"K","internalType":"enum K","name":"k"}]}`: "(uint8 k)[]",
	} {
		e := one(t, `{"type":"event","name":"E","inputs":[`+param+`]}`)
		if got := e.params[0].declaration(); got != want {
			t.Errorf("%s is %s, want %s", param, got, want)
		}
	}
}

func TestDeclarations(t *testing.T) {
	for text, want := range map[string]string{
		"event E()": "event E()",
		" event  Transfer ( address indexed from,\n\taddress  indexed to, uint value ) ; ": "event Transfer(address indexed from, " +
			"address indexed to, uint256 value)",
		"event E(uint8 indexed, bool) anonymous":               "event E(uint8 indexed, bool) anonymous",
		"event E(tuple(address a, uint256[2] b)[] indexed x)":  "event E((address a, uint256[2] b)[] indexed x)",
		"event E((bool, (bytes b)[3][] c) x, address payable)": "event E((bool, (bytes b)[3][] c) x, address)",
		"event E(address payable indexed who)":                 "event E(address indexed who)",
		"event E(function f)":                                  "event E(function f)",
		"event E(uint8 anonymous)":                             "event E(uint8 anonymous)",
	} {
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		e, isEvent, err := parseEntry(quoted)
		if err != nil || !isEvent || e.declaration() != want {
			t.Errorf("%q is %s (%t, %v), want %s", text, e.declaration(), isEvent, err, want)
			continue
		}
		again, err := parseDeclaration(want)
		if e, err2 := again.event(); err != nil || err2 != nil || e.declaration() != want {
			t.Errorf("%s is read as %s (%v, %v)", want, e.declaration(), err, err2)
		}
	}
	for text, reason := range map[string]string{
		"event":                     "the declaration is not of the form",
		"event E":                   "the declaration is not of the form",
		"event E(uint8":             "the declaration is not of the form",
		"event (uint8)":             "the name is missing",
		"event E F()":               `"E F" is not a name`,
		"event E() public":          `"public" stands behind the parameters`,
		"event E(uint8 a b)":        `"uint8 a b" is not of the form`,
		"event E(,)":                "parameter 1: the type is missing",
		"event E((bool a) b c)":     "is not of the form",
		"event E(())":               "parameter 1: the tuple has no components",
		"event E(Kind k)":           "is a type of the contract's source",
		"event E(uint8 a, fixed b)": "parameter 2 (b): type \"fixed\"",
		"event E" + strings.Repeat("(", 1<<16) + strings.Repeat(")", 1<<16): "nests deeper than 32",
		"event E(uint8" + strings.Repeat("[]", 40) + ")":                    "nests deeper than 32",
	} {
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, isEvent, err := parseEntry(quoted); !isEvent || err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%.80q: %t, %v, want %s", text, isEvent, err, reason)
		}
	}
}

func TestUnreadableEntriesAreWarnings(t *testing.T) {
	param := func(p string) string { return `{"type":"event","name":"Bad","inputs":[{"type":"bool"},` + p + `]}` }
	typed := func(typ string) string { return param(fmt.Sprintf(`{"name":"p","type":%q}`, typ)) }
	for entry, reason := range map[string]string{
		typed("fixed128x18"):                 `parameter 2 (p): type "fixed128x18" is a fixed-point number`,
		typed("ufixed"):                      `type "ufixed" is a fixed-point number`,
		typed("bytes33"):                     `"bytes33" is not an ABI type`,
		typed("bytes0"):                      `"bytes0" is not an ABI type`,
		typed("bytes04"):                     `"bytes04" is not an ABI type`,
		typed("uint7"):                       `"uint7" is not an ABI type`,
		typed("uint264"):                     `"uint264" is not an ABI type`,
		typed("int0"):                        `"int0" is not an ABI type`,
		typed("int256999999999999999999999"): `is not an ABI type`,
		typed("mapping(uint8"):               `"mapping(uint8" is not a type`,
		typed("uint8)"):                      `"uint8)" is not an ABI type`,
		typed("uint8 storage"):               `"uint8 storage" is not an ABI type`,
		typed("Lib.Kind"):                    `"Lib.Kind" is a type of the contract's source, not of the ABI; hint: `,
		typed("Lib.Kind[]"):                  `"Lib.Kind" is a type of the contract's source`,
		typed("uint8[0]"):                    `array of impossible length`,
		typed("uint8[02]"):                   `array of impossible length`,
		typed("uint8[-1]"):                   `array of impossible length`,
		typed("uint8["):                      `"uint8[" is not a type`,
		typed("uint8]"):                      `"uint8]" is not an ABI type`,
		typed("uint8[9999999][9999999][9999999][9999999]"): `longer than any log`,
		typed("uint8[1048577]"):                            `longer than any log`,
		typed("tuple"):                                     `parameter 2 (p): the tuple has no components`,
		typed("tuple[]"):                                   `the tuple has no components`,
		typed(""):                                          `the type is missing`,
		param(`{"name":"p"}`):                              `the type is missing`,
		param(`{"name":1,"type":"bool"}`):                  `"inputs.name": want string, have number`,
		param(`{"name":"a b","type":"bool"}`):              `parameter 2 (a b): "a b" is not a name`,
		param(`{"name":"a\nb","type":"bool"}`):             `is not a name`,
		param(`{"name":"p","type":"tuple","components":[{"name":"c","type":"uint9"}]}`): `parameter 2 (p): component 1 (c): "uint9"`,
		param(`{"type":"bool","indexed":true},{"type":"bool","indexed":true},{"type":"bool","indexed":true},
			{"type":"bool","indexed":true}`): "4 indexed parameters, and a log has 3 topics beside the event's own",
		`{"type":"event","name":"Bad","anonymous":true,"inputs":[` +
			strings.Repeat(`{"type":"bool","indexed":true},`, 4) + `{"type":"bool","indexed":true}]}`: "5 indexed parameters",
		`{"type":"event","name":"Bad","inputs":{}}`: `"inputs": want array, have object`,
		`{"type":"event","name":"Bad;\u0000"}`:      "is not a name",
	} {
		file := fmt.Sprintf(`[%s,%s,%s]`, typedEvent("Before"), entry, typedEvent("After"))
		out, err := Generate(Input{Module: module, ABIs: map[string][]byte{"A.json": []byte(file)}})
		if err != nil {
			t.Fatalf("%s: %v", entry, err)
		}
		expectTables(t, out, map[string]string{"before_events": "Before()", "after_events": "After()"})
		if len(out.Warnings) != 1 {
			t.Fatalf("%s: warnings are %v", entry, out.Warnings)
		}
		w := out.Warnings[0]
		if w.File != "A.json" || !strings.HasPrefix(w.Entry, "[1] Bad") || !strings.Contains(w.Reason, reason) {
			t.Errorf("%s: warning is %s, want %s", entry, w, reason)
		}
	}
}

func typedEvent(name string) string { return fmt.Sprintf(`{"type":"event","name":%q}`, name) }

// TestPathsOfEntries: a warning says where in the file the entry stands.
func TestPathsOfEntries(t *testing.T) {
	text := `{"contracts":{"a.sol":{"A":{
		"abi":[{"type":"event","name":"Fine"},
			{"type":"event","name":"Bad","inputs":[{"type":"fixed"}]}]}},
		"b.sol:B":{"abi":"[\"event Worse(fixed)\"]"}}}`
	out, err := Generate(Input{Module: module, ABIs: map[string][]byte{"A.json": []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{
		"abi/A.json:3: contracts.a.sol.A.abi[1] Bad is left out: ",
		"abi/A.json:4: contracts.b.sol:B.abi[0] Worse is left out: ",
	} {
		if i >= len(out.Warnings) || !strings.HasPrefix(out.Warnings[i].String(), want) {
			t.Errorf("warnings are %v, want one %s", out.Warnings, want)
		}
	}
}

func TestNamelessEntriesAreWarnings(t *testing.T) {
	out, err := Generate(Input{Module: module, ABIs: map[string][]byte{
		"A.json": []byte("[5, null, \n{\"type\":\"event\"}, {\"type\":\"event\",\"name\":null},\n" +
			`{"type":"event","name":3}, {"type":7,"name":"Set"}, "event ()"]`),
	}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range out.Warnings {
		got = append(got, w.String())
	}
	want := []string{
		"abi/A.json:1: [0] is left out: the entry is neither an object nor the text of a declaration",
		"abi/A.json:1: [1] is left out: the entry is neither an object nor the text of a declaration",
		"abi/A.json:2: [2] is left out: the name is missing",
		"abi/A.json:2: [3] is left out: the name is missing",
		`abi/A.json:3: [4] is left out: "name": want string, have number`,
		`abi/A.json:3: [5] Set is left out: "type": want string, have number`,
		"abi/A.json:3: [6] is left out: the name is missing",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("warnings are\n%s", strings.Join(got, "\n"))
	}
}

func TestFourTopicsOfAnonymousEvents(t *testing.T) {
	text := `{"type":"event","name":"E","anonymous":true,"inputs":[` +
		strings.Repeat(`{"type":"bool","indexed":true},`, 3) + `{"type":"bool","indexed":true}]}`
	if e, _, err := parseEntry(json.RawMessage(text)); err != nil || len(e.indexed()) != 4 {
		t.Errorf("%v, %v", e, err)
	}
}
