package codegen

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"
)

// event is an event as one ABI declares it.
type event struct {
	name      string
	anonymous bool
	params    []param
}

// param is a parameter of an event.
type param struct {
	name    string
	typ     *abiType
	indexed bool
}

// declared is an event and the file that declares it.
type declared struct {
	file string // without its extension
	event
}

// jsonEntry is an entry of an ABI.
type jsonEntry struct {
	Type      string      `json:"type"`
	Name      string      `json:"name"`
	Anonymous bool        `json:"anonymous"`
	Inputs    []jsonParam `json:"inputs"`
}

// jsonParam is a parameter of an entry, or a component of a tuple.
type jsonParam struct {
	Name         string      `json:"name"`
	Type         string      `json:"type"`
	InternalType string      `json:"internalType"`
	Indexed      bool        `json:"indexed"`
	Components   []jsonParam `json:"components"`
}

// maxParams keeps a table within PostgreSQL's 1,600 columns.
const maxParams = 1500

// parseFile returns the events of a file, sorted, so that an entry's place in it does not matter.
func parseFile(name string, data []byte) ([]declared, []Warning, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	entries, err := findEntries(data)
	if err != nil {
		return nil, nil, fmt.Errorf("abi/%s:%w", name, err)
	}
	var (
		events   []declared
		warnings []Warning
	)
	for _, entry := range entries {
		e, isEvent, err := parseEntry(entry.raw)
		switch {
		case err != nil:
			line := lineOf(data, entry.offset)
			warnings = append(warnings, Warning{name, line, spaced(entry.path, e.name), err.Error()})
		case isEvent:
			events = append(events, declared{stem(name), e})
		}
	}
	if events == nil && warnings == nil {
		warnings = []Warning{{File: name, Reason: "it declares no events; hint: if it is a proxy, take the ABI of the contract behind it"}}
	}
	slices.SortFunc(events, func(a, b declared) int { return a.compare(b.event) })
	return events, warnings, nil
}

// stem is a file's name without its extension: what its contract is called.
func stem(name string) string { return strings.TrimSuffix(name, path.Ext(name)) }

// parseEntry returns the event that an entry declares, and false for what is not an event. With an error, the event
// has its name where that can be read.
func parseEntry(raw json.RawMessage) (e event, isEvent bool, err error) {
	var head entryHead
	switch raw[0] {
	case '"':
		return parseText(raw)
	case '{':
		_ = json.Unmarshal(raw, &head) // takes any object
	default:
		return event{}, false, fmt.Errorf("the entry is neither an object nor the text of a declaration")
	}
	if !head.isEvent() {
		return event{}, false, nil
	}
	name, _ := head.Name.(string)
	var entry jsonEntry
	if err := json.Unmarshal(raw, &entry); err != nil {
		if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			err = fmt.Errorf("%q: want %s, have %s", mismatch.Field, jsonType(mismatch), mismatch.Value)
		}
		return event{name: name}, true, err
	}
	e, err = entry.event()
	return e, true, err
}

// parseText is parseEntry for an entry of a human-readable ABI.
func parseText(raw json.RawMessage) (e event, isEvent bool, err error) {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return event{}, false, err
	}
	if words := strings.Fields(text); len(words) == 0 || words[0] != "event" {
		return event{}, false, nil
	}
	entry, err := parseDeclaration(text)
	if err == nil {
		e, err = entry.event()
	}
	e.name = entry.Name
	return e, true, err
}

// entryHead is what tells an event from other entries, whatever else the entry holds.
type entryHead struct {
	Type, Name, Anonymous any
	Inputs                json.RawMessage
}

// isEvent takes an entry without a type for an event where only an event has what it has.
func (h entryHead) isEvent() bool {
	if h.Type != nil {
		typ, ok := h.Type.(string)
		return !ok || strings.EqualFold(typ, "event")
	}
	var inputs []struct{ Indexed any }
	_ = json.Unmarshal(h.Inputs, &inputs) // what is no array of parameters has none that is indexed
	return h.Anonymous != nil || slices.ContainsFunc(inputs, func(in struct{ Indexed any }) bool { return in.Indexed != nil })
}

// event checks what an entry says.
func (entry jsonEntry) event() (e event, err error) {
	e = event{name: entry.Name, anonymous: entry.Anonymous}
	if e.name == "" {
		return e, fmt.Errorf("the name is missing")
	}
	if err := checkName(e.name); err != nil {
		return e, err
	}
	e.params, err = parseParams(entry)
	return e, err
}

func jsonType(e *json.UnmarshalTypeError) string {
	switch e.Type.Kind().String() {
	case "slice":
		return "array"
	case "struct":
		return "object"
	}
	return e.Type.String()
}

func parseParams(entry jsonEntry) ([]param, error) {
	if len(entry.Inputs) > maxParams {
		return nil, fmt.Errorf("%d parameters are more than the %d a table has room for", len(entry.Inputs), maxParams)
	}
	var params []param
	indexed := 0
	for i, in := range entry.Inputs {
		typ, err := in.parse()
		if err != nil {
			return nil, fmt.Errorf("parameter %d%s: %w", i+1, inParentheses(in.Name), err)
		}
		if in.Indexed {
			indexed++
		}
		params = append(params, param{in.Name, typ, in.Indexed})
	}
	switch {
	case entry.Anonymous && indexed > 4:
		return nil, fmt.Errorf("%d indexed parameters, and an anonymous log has 4 topics", indexed)
	case !entry.Anonymous && indexed > 3:
		return nil, fmt.Errorf("%d indexed parameters, and a log has 3 topics beside the event's own", indexed)
	}
	return params, nil
}

// checkName refuses names that no compiler allows and that would not survive in a comment. The empty one is fine.
func checkName(name string) error {
	for _, r := range name {
		if !unicode.IsGraphic(r) || unicode.IsSpace(r) || strings.ContainsRune("(){},'\"`\\", r) {
			return fmt.Errorf("%q is not a name", name)
		}
	}
	return nil
}
