package codegen

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
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
	file string // without ".json"
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
	Name       string      `json:"name"`
	Type       string      `json:"type"`
	Indexed    bool        `json:"indexed"`
	Components []jsonParam `json:"components"`
}

// maxParams keeps a table within PostgreSQL's 1,600 columns.
const maxParams = 1500

// parseFile returns the events of an ABI, sorted, so that an entry's place in its file does not matter.
func parseFile(name string, data []byte) ([]declared, []Warning, error) {
	entries, err := parseEntries(data)
	if err != nil {
		return nil, nil, fmt.Errorf("abi/%s:%w", name, err)
	}
	var (
		events   []declared
		warnings []Warning
	)
	file := strings.TrimSuffix(name, ".json")
	for i, raw := range entries {
		e, isEvent, err := parseEntry(raw)
		switch {
		case err != nil:
			warnings = append(warnings, Warning{name, spaced(fmt.Sprintf("[%d]", i), e.name), err.Error()})
		case isEvent:
			events = append(events, declared{file, e})
		}
	}
	slices.SortFunc(events, func(a, b declared) int { return a.compare(b.event) })
	return events, warnings, nil
}

// parseEntries returns the entries of a plain array, or of a build artifact's array "abi". An error begins with the
// position, as line:column.
func parseEntries(data []byte) ([]json.RawMessage, error) {
	text := bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	var entries []json.RawMessage
	var err error
	if first := bytes.TrimLeft(text, " \t\r\n"); len(first) > 0 && first[0] == '{' {
		var artifact struct{ ABI []json.RawMessage }
		if err = json.Unmarshal(text, &artifact); err == nil && artifact.ABI == nil {
			return nil, fmt.Errorf(`%s: the object has no array "abi"`, position(text, len(text)-len(first)))
		}
		entries = artifact.ABI
	} else {
		err = json.Unmarshal(text, &entries)
		if err == nil && entries == nil {
			err = &json.UnmarshalTypeError{Value: "null"}
		}
	}
	var syntax *json.SyntaxError
	var mismatch *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return nil, fmt.Errorf("%s: not JSON: %w", position(text, int(syntax.Offset)-1), err)
	case errors.As(err, &mismatch):
		return nil, fmt.Errorf(`%s: neither an array nor an object with an array "abi": have %s`,
			position(text, int(mismatch.Offset)-1), mismatch.Value)
	case err != nil:
		return nil, fmt.Errorf("1:1: %w", err)
	}
	return entries, nil
}

// position is the place of a byte, as line:column, both counted from 1, columns in bytes.
func position(text []byte, offset int) string {
	before := text[:min(max(offset, 0), len(text))]
	line := bytes.Count(before, []byte("\n")) + 1
	return fmt.Sprintf("%d:%d", line, len(before)-bytes.LastIndexByte(before, '\n'))
}

// parseEntry returns the event that an entry declares, and false for what is not an event. With an error, the event
// has its name where that can be read.
func parseEntry(raw json.RawMessage) (e event, isEvent bool, err error) {
	var head struct{ Type, Name any }
	if json.Unmarshal(raw, &head) != nil {
		return event{}, false, fmt.Errorf("the entry is not an object")
	}
	if head.Type != "event" {
		return event{}, false, nil
	}
	e.name, _ = head.Name.(string)
	var entry jsonEntry
	var mismatch *json.UnmarshalTypeError
	if err := json.Unmarshal(raw, &entry); errors.As(err, &mismatch) {
		return e, true, fmt.Errorf("%q: want %s, have %s", mismatch.Field, jsonType(mismatch), mismatch.Value)
	} else if err != nil {
		return e, true, err
	}
	if e.name == "" {
		return e, true, fmt.Errorf("the name is missing")
	}
	if err := checkName(e.name); err != nil {
		return e, true, err
	}
	e.anonymous = entry.Anonymous
	e.params, err = parseParams(entry)
	return e, true, err
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
		err := checkName(in.Name)
		var typ *abiType
		if err == nil {
			typ, err = parseType(in.Type, in.Components)
		}
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
		if !unicode.IsGraphic(r) || unicode.IsSpace(r) || strings.ContainsRune("(),'\"`\\", r) {
			return fmt.Errorf("%q is not a name", name)
		}
	}
	return nil
}
