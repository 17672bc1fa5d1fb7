package codegen

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// abiEntry is an entry of an ABI, and where in the file it stands.
type abiEntry struct {
	// path is "[12]" in a plain array or a build artifact, and begins with the keys on the way there elsewhere.
	path string
	// offset is the entry's first byte in the file, or that of the text that holds the ABI.
	offset int
	raw    json.RawMessage
}

// findEntries returns the entries of every ABI in a file without a byte order mark: a plain array; the "abi" of a build artifact of Foundry,
// Hardhat, Truffle, Remix or Vyper; those of the many artifacts in the output of a compiler or a deployment; and the
// answer of an explorer, which has the ABI as text. An error begins with the position, as line:column.
func findEntries(data []byte) ([]abiEntry, error) {
	f := finder{text: data}
	if err := checkJSON(f.text); err != nil {
		return nil, err
	}
	top := jsonValue{f.text, 0}
	switch top = top.trimmed(); {
	case top.kind() == '[':
		f.entries(top, "")
	case top.kind() == '{':
		f.search(top, "", 0)
	}
	if !f.found && f.err == nil {
		f.fail(top, `it holds no ABI: it is neither an array of entries, nor an object with an array "abi" in it`)
	}
	return f.all, f.err
}

// checkJSON reports where the text stops being JSON.
func checkJSON(text []byte) error {
	err := json.Unmarshal(text, new(json.RawMessage))
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		const utf16 = "\xff\xfe"
		hint := ""
		if bytes.HasPrefix(text, []byte(utf16)) {
			hint = "; hint: it is UTF-16, save it as UTF-8"
		}
		return fmt.Errorf("%s: not JSON: %w%s", position(text, int(syntax.Offset)-1), err, hint)
	}
	return err
}

// position is the place of a byte, as line:column, both counted from 1, columns in bytes.
func position(text []byte, offset int) string {
	before := text[:min(max(offset, 0), len(text))]
	return fmt.Sprintf("%d:%d", lineOf(text, offset), len(before)-bytes.LastIndexByte(before, '\n'))
}

func lineOf(text []byte, offset int) int {
	return bytes.Count(text[:min(max(offset, 0), len(text))], []byte("\n")) + 1
}

// finder looks for ABIs in a file. Errors are sticky.
type finder struct {
	text  []byte
	all   []abiEntry
	found bool // an ABI, which may be empty
	err   error
}

func (f *finder) fail(at jsonValue, format string, args ...any) {
	if f.err == nil {
		f.err = fmt.Errorf("%s: "+format, append([]any{position(f.text, at.offset)}, args...)...)
	}
}

// maxSearchDepth is how deep ABIs are looked for: in the output of a compiler they stand at depth three.
const maxSearchDepth = 8

// search takes the "abi" of an object, or else looks into all that the object or array holds.
func (f *finder) search(v jsonValue, path string, depth int) {
	if depth > maxSearchDepth {
		return
	}
	if v.kind() == '[' {
		v.elements(func(i int, element jsonValue) {
			f.search(element, fmt.Sprintf("%s[%d]", path, i), depth+1)
		})
		return
	}
	if abi, ok := v.abi(); ok {
		f.abi(abi, strings.TrimPrefix(path+".abi", "."))
		return
	}
	v.members(func(key string, member jsonValue) {
		if key == "result" {
			f.answer(v, member)
			return
		}
		f.search(member, strings.TrimPrefix(path+"."+key, "."), depth+1)
	})
}

// abi takes an ABI: an array, or text that holds one.
func (f *finder) abi(v jsonValue, path string) {
	if v.kind() == '"' {
		f.quoted(v, path)
		return
	}
	f.entries(v, path)
}

// answer takes the "result" of an explorer: the ABI itself or as text, or a list of contracts.
func (f *finder) answer(whole, result jsonValue) {
	switch status, _ := whole.member("status"); {
	case result.kind() == '"' && string(status.raw) == `"0"`:
		f.fail(result, "it is an explorer's answer without an ABI: %s; hint: ask for an address that is verified there",
			excerpt(string(result.raw)))
	case result.kind() == '"':
		f.quoted(result, "result")
	case result.kind() == '[':
		f.entries(result, "result")
	default:
		f.search(result, "result", 1)
	}
}

// quoted takes an ABI that stands in the file as text.
func (f *finder) quoted(v jsonValue, path string) {
	var text string
	if json.Unmarshal(v.raw, &text) != nil {
		return
	}
	inner := jsonValue{raw: []byte(text)}.trimmed()
	if inner.kind() != '[' || !json.Valid(inner.raw) {
		f.fail(v, "there is text where an ABI should be: %s", excerpt(text))
		return
	}
	first := len(f.all)
	f.entries(inner, path)
	for i := first; i < len(f.all); i++ {
		f.all[i].offset = v.offset
	}
}

// entries takes an array as an ABI, or looks for one in each element where they are artifacts themselves.
func (f *finder) entries(v jsonValue, path string) {
	f.found = true
	v.elements(func(i int, element jsonValue) {
		at := fmt.Sprintf("%s[%d]", path, i)
		if _, ok := element.abi(); ok {
			f.search(element, at, 1)
			return
		}
		f.all = append(f.all, abiEntry{at, element.offset, element.raw})
	})
}

func excerpt(text string) string {
	const most = 80
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// jsonValue is a JSON value that has been checked, and its place in the file.
type jsonValue struct {
	raw    json.RawMessage
	offset int
}

// trimmed drops the white space around the value.
func (v jsonValue) trimmed() jsonValue {
	const space = " \t\r\n"
	left := bytes.TrimLeft(v.raw, space)
	return jsonValue{bytes.TrimRight(left, space), v.offset + len(v.raw) - len(left)}
}

// kind is the value's first byte.
func (v jsonValue) kind() byte {
	if len(v.raw) == 0 {
		return 0
	}
	return v.raw[0]
}

// elements calls each for the elements of an array.
func (v jsonValue) elements(each func(i int, element jsonValue)) {
	if v.kind() != '[' {
		return
	}
	d := json.NewDecoder(bytes.NewReader(v.raw))
	d.Token()
	for i := 0; d.More(); i++ {
		each(i, v.next(d))
	}
}

// members calls each for the members of an object.
func (v jsonValue) members(each func(key string, member jsonValue)) {
	if v.kind() != '{' {
		return
	}
	d := json.NewDecoder(bytes.NewReader(v.raw))
	d.Token()
	for d.More() {
		key, _ := d.Token()
		each(key.(string), v.next(d))
	}
}

// next reads the value that the decoder of v stands before.
func (v jsonValue) next(d *json.Decoder) jsonValue {
	var raw json.RawMessage
	if d.Decode(&raw) != nil { // v has been checked
		return jsonValue{}
	}
	return jsonValue{raw, v.offset + int(d.InputOffset()) - len(raw)}
}

// abi finds the ABI in an object: what is called "abi", or "ABI" as explorers have it. A contract of that name is none.
func (v jsonValue) abi() (abi jsonValue, ok bool) {
	if abi, ok = v.member("abi"); ok && (abi.kind() == '[' || abi.kind() == '"') {
		return abi, true
	}
	abi, ok = v.member("ABI")
	return abi, ok && abi.kind() == '"'
}

// member finds a member by its name.
func (v jsonValue) member(name string) (found jsonValue, ok bool) {
	v.members(func(key string, member jsonValue) {
		if key == name {
			found, ok = member, true
		}
	})
	return found, ok
}
