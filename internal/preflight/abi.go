package preflight

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"golang.org/x/crypto/sha3"
)

// abiEvent is an event as an ABI declares it.
type abiEvent struct {
	Name      string     `json:"name"`
	Anonymous bool       `json:"anonymous"`
	Inputs    []abiParam `json:"inputs"`
	at        string     // file:line
}

// abiParam is a parameter, or a component of a tuple.
type abiParam struct {
	Name         *string    `json:"name"`
	Type         string     `json:"type"`
	InternalType string     `json:"internalType"`
	Indexed      bool       `json:"indexed"`
	Components   []abiParam `json:"components"`
}

func (p abiParam) name() string {
	if p.Name == nil {
		return ""
	}
	return *p.Name
}

// base is the type without its dimensions, and how many of these there are.
func (p abiParam) base() (name string, dimensions int) {
	name, _, _ = strings.Cut(p.Type, "[")
	return name, strings.Count(p.Type, "[")
}

// canonical is the type as it stands in a signature.
func (p abiParam) canonical() string {
	base, _ := p.base()
	dimensions := p.Type[len(base):]
	switch base {
	case "tuple":
		base = "(" + canonical(p.Components) + ")"
	case "uint", "int":
		base += "256"
	}
	return base + dimensions
}

func canonical(params []abiParam) string {
	types := make([]string, len(params))
	for i, p := range params {
		types[i] = p.canonical()
	}
	return strings.Join(types, ",")
}

func (e *abiEvent) signature() string { return e.Name + "(" + canonical(e.Inputs) + ")" }

func (e *abiEvent) topic0() (hash common.Hash) {
	h := sha3.NewLegacyKeccak256()
	h.Write([]byte(e.signature()))
	h.Sum(hash[:0])
	return hash
}

// indexed are the places of the indexed parameters.
func (e *abiEvent) indexed() string {
	var places strings.Builder
	for _, p := range e.Inputs {
		if p.Indexed {
			places.WriteByte('i')
		} else {
			places.WriteByte('-')
		}
	}
	return places.String()
}

// abiFile is what an ABI holds, read entry by entry: what is wrong with one must not hide the others.
type abiFile struct {
	events   []*abiEvent
	findings []Finding
	entries  map[*abiEvent]string // the whole entry in one form, as rindexer tells duplicates in several files
}

// readABI reads the file that v names, relative to dir.
func readABI(dir string, v value) *abiFile {
	f := &abiFile{entries: map[*abiEvent]string{}}
	path := v.text()
	if unknown(path) {
		f.findings = append(f.findings, rindexerArea.warn("ABI", "set the variable for this command too",
			"%s: %s is not set here: the events of this ABI are not looked at", v.at(), path))
		return f
	}
	full := path
	if !filepath.IsAbs(full) {
		full = filepath.Join(dir, full)
	}
	text, err := os.ReadFile(full)
	if err != nil {
		f.fail("correct the path, which is relative to rindexer.yaml", "%s: %s", v.at(), oneLine(err))
		return f
	}
	f.read(path, bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))
	return f
}

func (f *abiFile) fail(hint, format string, args ...any) {
	f.findings = append(f.findings, rindexerArea.fail("ABI", hint, format, args...))
}

func (f *abiFile) read(path string, text []byte) {
	const plain = "save the array of its entries alone as the file"
	array := bytes.IndexByte(text, '[')
	if first := bytes.TrimLeft(text, " \t\r\n"); len(first) > 0 && first[0] == '{' {
		var artifact struct{ ABI json.RawMessage }
		if err := json.Unmarshal(text, &artifact); err != nil || artifact.ABI == nil {
			f.fail(plain, "%s: it is neither an array nor a build artifact", path)
			return
		}
		f.fail(plain, `%s: it is a build artifact, and rindexer reads nothing but a plain array`, path)
		array = bytes.Index(text, artifact.ABI)
	}
	if array < 0 {
		f.fail(plain, "%s: it is no JSON array", path)
		return
	}
	f.readEntries(path, text, array)
}

func (f *abiFile) readEntries(path string, text []byte, array int) {
	line := func(offset int64) string {
		before := text[:min(array+int(offset), len(text))]
		return fmt.Sprintf("%s:%d", path, 1+bytes.Count(before, []byte("\n")))
	}
	d := json.NewDecoder(bytes.NewReader(text[array:]))
	_, err := d.Token()
	for err == nil && d.More() {
		var raw json.RawMessage
		if err = d.Decode(&raw); err == nil {
			f.readEntry(line(d.InputOffset()-int64(len(raw))), raw)
		}
	}
	if err == nil {
		_, err = d.Token()
	}
	if err != nil {
		// The decoder stops behind the last entry that was whole.
		rest := text[min(array+int(d.InputOffset()), len(text)):]
		between := len(rest) - len(bytes.TrimLeft(rest, " \t\r\n,"))
		f.fail("correct the file", "%s: it is no JSON: %s", line(d.InputOffset()+int64(between)), oneLine(err))
	}
}

func (f *abiFile) readEntry(at string, raw json.RawMessage) {
	var entry struct {
		Type string `json:"type"`
		abiEvent
	}
	if err := json.Unmarshal(raw, &entry); err != nil {
		f.fail("correct the entry", "%s: rindexer refuses the file: %s", at, oneLine(err))
		return
	}
	if unnamed(entry.Inputs) {
		f.fail(`give it "name": ""`, "%s: an input of %s has no name, not even an empty one: rindexer refuses the file",
			at, entry.Name)
	}
	if entry.Type != "event" {
		return
	}
	e := entry.abiEvent
	e.at = at
	f.events = append(f.events, &e)
	var whole any
	if json.Unmarshal(raw, &whole) == nil {
		sorted, _ := json.Marshal(whole)
		f.entries[&e] = string(sorted)
	}
}

func unnamed(params []abiParam) bool {
	for _, p := range params {
		if p.Name == nil || unnamed(p.Components) {
			return true
		}
	}
	return false
}

// mergeABIs joins the files of one contract as rindexer does: an entry that is in several files counts once, and one
// that is in a single file twice counts twice where that file is the only one.
func mergeABIs(files []*abiFile) *abiFile {
	if len(files) == 1 {
		return files[0]
	}
	all := &abiFile{}
	seen := map[string]bool{}
	for _, f := range files {
		all.findings = append(all.findings, f.findings...)
		for _, e := range f.events {
			if entry := f.entries[e]; !seen[entry] {
				seen[entry] = true
				all.events = append(all.events, e)
			}
		}
	}
	return all
}
