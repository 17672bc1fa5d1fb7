package codegen

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// HintsSuffix ends the name of the file with hints on the events of an ABI: Vault.hints.yaml for Vault.json.
const HintsSuffix = ".hints.yaml"

// fileHints is what one file says about the events of one ABI. Nothing needs it.
type fileHints struct {
	file    string // Vault.hints.yaml
	stem    string // Vault
	exclude []mark
	events  []eventHints
}

// eventHints is what a file says about one event.
type eventHints struct {
	event   mark   // its name, or its signature or declaration where the ABI has several of the name
	table   mark   // what its table is called
	indexes []list // more than every table has: the columns of each
	// unindexed are columns whose index is left out.
	unindexed list
}

// mark is a text in a file of hints.
type mark struct {
	text string
	file string
	line int
}

// list is a list of texts that begins at a place.
type list struct {
	mark
	items []mark
}

func (m mark) given() bool { return m.text != "" }

// indexed is what an index on the columns of l has in its name. Every table has an index of another kind on these two.
func (l list) indexed() string {
	name := strings.Join(l.texts(), "_")
	if name == "block_timestamp" || name == "transaction_hash" {
		return name + "_btree"
	}
	return name
}

func (l list) texts() []string {
	texts := make([]string, len(l.items))
	for i, m := range l.items {
		texts[i] = m.text
	}
	return texts
}

// errorf returns an error that names the place.
func (m mark) errorf(format string, args ...any) error {
	return fmt.Errorf("abi/%s:%d: %s", m.file, m.line, fmt.Sprintf(format, args...))
}

// parseHints reads all files of hints. Its error names everything that is wrong with them.
func parseHints(files map[string][]byte) ([]fileHints, error) {
	var all []fileHints
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(files)) {
		r := hintsReader{file: name}
		h := r.read(files[name])
		h.file, h.stem = name, strings.TrimSuffix(name, HintsSuffix)
		all = append(all, h)
		errs = append(errs, r.errs...)
	}
	return all, errors.Join(errs...)
}

// hintsReader reads one file, and collects what is wrong with it.
type hintsReader struct {
	file string
	errs []error
}

func (r *hintsReader) fail(node *yaml.Node, format string, args ...any) {
	r.errs = append(r.errs, mark{file: r.file, line: max(node.Line, 1)}.errorf(format, args...))
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

func (r *hintsReader) read(text []byte) (h fileHints) {
	var root yaml.Node
	documents := yaml.NewDecoder(bytes.NewReader(text))
	err := documents.Decode(&root)
	if err == io.EOF {
		return h
	}
	if err == nil && documents.Decode(new(yaml.Node)) != io.EOF {
		r.fail(&root, "there is a second document, behind ---; hint: one file holds one")
	}
	if err != nil {
		line := 1
		if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
			line, _ = strconv.Atoi(m[1])
		}
		r.fail(&yaml.Node{Line: line}, "it is no YAML: %s", yamlLine.ReplaceAllString(err.Error(), ""))
		return h
	}
	if len(root.Content) == 0 {
		return h
	}
	r.members(root.Content[0], func(key, value *yaml.Node) {
		switch key.Value {
		case "exclude":
			h.exclude = r.list(value).items
		case "events":
			r.members(value, func(name, hints *yaml.Node) { h.events = append(h.events, r.event(name, hints)) })
		default:
			r.fail(key, "there is no hint %q; hint: write exclude or events", key.Value)
		}
	})
	return h
}

func (r *hintsReader) event(name, hints *yaml.Node) eventHints {
	e := eventHints{event: r.mark(name)}
	r.members(hints, func(key, value *yaml.Node) {
		switch key.Value {
		case "table":
			e.table = r.mark(value)
		case "indexes":
			for _, index := range r.elements(value) {
				e.indexes = append(e.indexes, r.list(index))
			}
		case "unindexed":
			e.unindexed = r.list(value)
		default:
			r.fail(key, "there is no hint %q for an event; hint: write table, indexes or unindexed", key.Value)
		}
	})
	return e
}

// members calls each for the members of a mapping. A file, or a part of it, that is empty has none.
func (r *hintsReader) members(node *yaml.Node, each func(key, value *yaml.Node)) {
	if node = resolved(node); node.Tag == "!!null" {
		return
	}
	if node.Kind != yaml.MappingNode {
		r.fail(node, "there must be keys with values here, as in table: name")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		if seen[key.Value] {
			r.fail(key, "%s stands here twice", key.Value)
			continue
		}
		seen[key.Value] = true
		each(key, node.Content[i+1])
	}
}

// elements are those of a sequence; a value that is none stands for itself.
func (r *hintsReader) elements(node *yaml.Node) []*yaml.Node {
	if node = resolved(node); node.Kind == yaml.SequenceNode {
		return node.Content
	}
	return []*yaml.Node{node}
}

func (r *hintsReader) list(node *yaml.Node) list {
	l := list{mark: mark{file: r.file, line: node.Line}}
	for _, element := range r.elements(node) {
		if m := r.mark(element); m.given() {
			l.items = append(l.items, m)
		}
	}
	return l
}

func (r *hintsReader) mark(node *yaml.Node) mark {
	line := node.Line
	if node = resolved(node); node.Kind != yaml.ScalarNode || node.Value == "" || node.Tag == "!!null" {
		r.fail(node, "there must be a name here")
	}
	return mark{node.Value, r.file, line}
}

func resolved(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

// names reports whether a hint means the event.
func (m mark) names(e event) bool {
	return m.text == e.name || m.text == e.signature() || "event "+strings.TrimPrefix(m.text, "event ") == e.declaration()
}

// exclude drops the events that hints exclude, and refuses hints on events that no ABI declares.
func exclude(events []declared, hints []fileHints) ([]declared, error) {
	var errs []error
	for _, h := range hints {
		own := slices.DeleteFunc(slices.Clone(events), func(d declared) bool { return d.file != h.stem })
		if len(own) == 0 {
			errs = append(errs, mark{file: h.file, line: 1}.errorf(
				"abi/ has no %s.json with events; hint: hints are called like the ABI that they are for", h.stem))
			continue
		}
		for _, m := range h.named() {
			if !slices.ContainsFunc(own, func(d declared) bool { return m.names(d.event) }) {
				errs = append(errs, m.errorf("%s declares no event %s; hint: it has %s", h.stem, m.text, namesOf(own)))
			}
		}
		events = slices.DeleteFunc(slices.Clone(events), func(d declared) bool {
			return d.file == h.stem && slices.ContainsFunc(h.exclude, func(m mark) bool { return m.names(d.event) })
		})
	}
	return events, errors.Join(errs...)
}

// named returns all places that name an event.
func (h fileHints) named() []mark {
	all := slices.Clone(h.exclude)
	for _, e := range h.events {
		all = append(all, e.event)
	}
	return all
}

// namesOf lists names of events, for people.
func namesOf(events []declared) string {
	const most = 12
	names := make([]string, len(events))
	for i, e := range events {
		names[i] = e.name
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if more := len(names) - most; more > 0 {
		names = append(names[:most], fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}

// hinted is what all hints on one shape come to.
type hinted struct {
	table     mark
	indexes   []list
	unindexed []mark
}

// hint tells each shape what hints say about it. Several files may speak of a shape that their ABIs share.
func hint(shapes []*shape, hints []fileHints) error {
	var errs []error
	for _, h := range hints {
		for _, e := range h.events {
			of := slices.DeleteFunc(slices.Clone(shapes), func(s *shape) bool {
				return !slices.Contains(s.files, h.stem) || !e.event.names(s.event)
			})
			switch {
			case len(of) == 0:
				errs = append(errs, e.event.errorf("%s is excluded, and has no table to give a hint on", e.event.text))
			case len(of) > 1 && e.table.given():
				name := of[0].signature()
				if name == of[1].signature() {
					name = of[0].declaration()
				}
				errs = append(errs, e.event.errorf("%s declares %d events %s; hint: name one as %q",
					h.stem, len(of), e.event.text, name))
			}
			for _, s := range of {
				errs = append(errs, s.hinted.add(e))
			}
		}
	}
	return errors.Join(errs...)
}

func (h *hinted) add(e eventHints) error {
	for _, l := range e.indexes {
		agrees := func(other list) bool { return other.file != l.file && slices.Equal(other.texts(), l.texts()) }
		if !slices.ContainsFunc(h.indexes, agrees) {
			h.indexes = append(h.indexes, l)
		}
	}
	h.unindexed = append(h.unindexed, e.unindexed.items...)
	switch name := e.table.text; {
	case !e.table.given():
		return nil
	case h.table.given() && h.table.text != name:
		return e.table.errorf("abi/%s:%d calls the same event's table %s", h.table.file, h.table.line, h.table.text)
	case !identifier.MatchString(name) || !strings.HasSuffix(name, tableSuffix):
		return e.table.errorf("%q is no name for a table of events; hint: words of a to z and 0 to 9 joined by _, "+
			"the last one %s, as in vault_deposited%s", name, strings.Trim(tableSuffix, "_"), tableSuffix)
	case len(name) > maxTable:
		return e.table.errorf("%s is longer than %d bytes", name, maxTable)
	}
	h.table = e.table
	return nil
}
