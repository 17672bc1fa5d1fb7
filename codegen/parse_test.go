package codegen

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestUnreadableFilesAreErrors(t *testing.T) {
	_, err := Generate(Input{Module: module, ABIs: map[string][]byte{
		"Comma.json":  []byte("[\n  {\"type\": \"event\"},\n]"),
		"Empty.json":  nil,
		"Fine.json":   abiOf("Set(uint8 a)"),
		"HTML.json":   []byte("<!DOCTYPE html>"),
		"NoABI.json":  []byte("\n{\"name\": \"package\"}"),
		"Number.json": []byte("17"),
		"Null.json":   []byte("null"),
		"Object.json": []byte(`{"abi": {}}`),
		"Tail.json":   []byte("[]\n[]"),
	}})
	if err == nil {
		t.Fatal("no error")
	}
	want := []string{
		"abi/Comma.json:3:1: not JSON", "abi/Empty.json:1:1: not JSON", "abi/HTML.json:1:1: not JSON",
		`abi/NoABI.json:2:1: the object has no array "abi"`, "abi/Null.json:1:1: neither", "abi/Number.json:1:",
		"abi/Object.json:1:", "abi/Tail.json:2:1: not JSON",
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
	for what, text := range map[string]string{
		"array":             "[" + entry + "]",
		"artifact":          `{"contractName":"A","abi":[` + entry + `],"bytecode":"0x"}`,
		"byte order mark":   "\ufeff [" + entry + "]",
		"things not events": `[{"type":"constructor","inputs":5},{"type":"error","name":""},{"name":"f"},` + entry + `]`,
	} {
		t.Run(what, func(t *testing.T) {
			out := generate(t, map[string][]byte{"A.json": []byte(text)}, nil)
			expectTables(t, out, map[string]string{"set_events": "Set(uint256)"})
		})
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
		typed("contract ERC"):                `"contract ERC" is not an ABI type`,
		typed("Lib.Kind"):                    `"Lib.Kind" is not an ABI type`,
		typed("Lib.Kind[]"):                  `"Lib.Kind" is not an ABI type`,
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

func TestNamelessEntriesAreWarnings(t *testing.T) {
	out, err := Generate(Input{Module: module, ABIs: map[string][]byte{
		"A.json": []byte(`["event Set()", {"type":"event"}, {"type":"event","name":null}, {"type":"event","name":3}]`),
	}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range out.Warnings {
		got = append(got, w.String())
	}
	want := []string{
		"abi/A.json: [0] is left out: the entry is not an object",
		"abi/A.json: [1] is left out: the name is missing",
		"abi/A.json: [2] is left out: the name is missing",
		`abi/A.json: [3] is left out: "name": want string, have number`,
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
