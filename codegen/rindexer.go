package codegen

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// DefaultStream is the stream that the service reads where nothing else is said.
const DefaultStream = "rindexer_producer"

// RindexerProject returns the files of a project for rindexer 0.41 that streams the events of the ABIs to Redis:
// rindexer.yaml, and in abis/ what rindexer can read of the ABIs. Nothing that rindexer can carry is lost: overloads
// have contracts of their own, because it sends the first of a name only; internalType is left out, because it panics
// over structs that have one; and parameters that it could not tell apart have the names of their columns, which the
// decoders know. What it cannot carry is left out, and the manifest says so. The warnings tell of entries of the ABIs
// that could not be read.
func RindexerProject(in Input, stream string) (map[string][]byte, []Warning, error) {
	m, err := decide(in)
	deployments, deploymentsErr := parseDeployments(in.Deployments)
	if err := errors.Join(err, deploymentsErr); err != nil {
		return nil, nil, err
	}
	declaring := m.files()
	for _, file := range slices.Sorted(maps.Keys(deployments)) {
		if !slices.Contains(declaring, file) {
			err = errors.Join(err, fmt.Errorf("abi/%s%s: abi/ has no %[1]s.json with events; "+
				"hint: deployments are called like the ABI that they are for", file, DeploymentsSuffix))
		}
	}
	if err != nil {
		return nil, nil, err
	}
	p := project{Stream: stream, names: map[string]bool{}}
	names := contractNames(declaring)
	for _, name := range names {
		p.names[strings.ToLower(name)] = true
	}
	for _, file := range declaring {
		p.add(m.sentBy(file), names[file], deployments[file])
	}
	files := map[string][]byte{}
	for _, c := range p.Contracts {
		if len(c.Events) > 0 {
			files[c.ABI()] = c.abi()
		}
	}
	if len(files) == 0 {
		return nil, nil, errors.New("abi/ declares no event that rindexer could send")
	}
	var manifest bytes.Buffer
	err = templates.ExecuteTemplate(&manifest, "rindexer.yaml.tmpl", p)
	files["rindexer.yaml"] = manifest.Bytes()
	return files, m.warnings, err
}

// files returns the ABIs that declare events which have tables, sorted.
func (m *model) files() []string {
	seen := map[string]bool{}
	for _, s := range m.shapes {
		for _, file := range s.files {
			seen[file] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// project is what the template of the manifest writes down.
type project struct {
	Stream    string
	Networks  []network
	Contracts []contract
	names     map[string]bool // of contracts, in lower case
}

type network struct{ Name, ChainID, RPC string }

// contract is an entry of the manifest: a contract, or one of its events that has a name which others have too.
type contract struct {
	Name        string
	Deployments []deployed
	Events      []sent
	Unsent      []sent // those that rindexer cannot carry, with the reason
}

// deployed is a Deployment in the manifest, or references to the environment where there is none.
type deployed struct{ Network, Address, StartBlock string }

// sent is an event in the manifest.
type sent struct {
	event
	table   string
	aliases []string
	unsent  string // why it is not sent; empty where it is
	// Notes say what of the event rindexer does not carry.
	Notes []string
}

// Name is the event's name as YAML has it, and Declaration the event as Solidity has it.
func (s sent) Name() string        { return yamlText(s.name) }
func (s sent) Declaration() string { return s.declaration() }

// yamlText is text as YAML takes it for text, in any of its versions.
func yamlText(text string) string {
	if plainYAML.MatchString(text) && !yamlWords[strings.ToLower(text)] {
		return text
	}
	return strconv.Quote(text)
}

var (
	plainYAML = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)
	yamlWords = words("y yes n no true false on off null")
)

// ABI is the path of the contract's ABI below the project.
func (c contract) ABI() string { return "abis/" + c.Name + ".json" }

// Networks are the names of those that the contract is deployed on.
func (c contract) Networks() (names []string) {
	for _, d := range c.Deployments {
		if !slices.Contains(names, d.Network) {
			names = append(names, d.Network)
		}
	}
	return names
}

// add adds a contract of that name with its events. rindexer sends the first event of a name only, so those that share
// one have entries of their own. It keeps how far it is under the names of entry and event: an entry that came to mean
// another event would begin where the one before has stopped. So those are called after the event's table.
func (p *project) add(events []sent, name string, deployments []Deployment) {
	places := p.deploy(name, deployments)
	whole := contract{Name: name, Deployments: places}
	var parts []contract
	for _, e := range events {
		switch {
		case e.unsent != "":
			e.Notes = []string{e.unsent}
			whole.Unsent = append(whole.Unsent, e)
		case slices.ContainsFunc(events, e.sharesName):
			parts = append(parts, contract{Name: p.partName(name, e), Deployments: places, Events: []sent{e}})
		default:
			whole.Events = append(whole.Events, e)
		}
	}
	p.Contracts = append(append(p.Contracts, whole), parts...)
}

// sharesName reports whether both are sent, and are called the same but for case: rindexer would keep one checkpoint for
// both.
func (s sent) sharesName(other sent) bool {
	return other.unsent == "" && strings.EqualFold(s.name, other.name) && s.declaration() != other.declaration()
}

// sentBy returns the events of a file, each variant of indexed parameters for itself, in order. Of those that one log
// would be sent as, because they differ in names only, all but the first are not sent.
func (m *model) sentBy(file string) []sent {
	tables := map[string]string{}
	for _, s := range m.shapes {
		tables[s.key()] = s.table
	}
	var all []sent
	for _, d := range m.declared {
		if d.file != file || slices.ContainsFunc(all, func(s sent) bool { return s.declaration() == d.declaration() }) {
			continue
		}
		s := &shape{event: d.event}
		e := sent{event: d.event, table: tables[d.key()], aliases: s.aliases(columnNames(d.params))}
		e.unsent = e.reason()
		twin := slices.IndexFunc(all, func(s sent) bool {
			return s.unsent == "" && s.signature() == e.signature() && slices.Equal(s.indexed(), e.indexed())
		})
		if twin >= 0 && e.unsent == "" {
			e.unsent = fmt.Sprintf("its logs are sent as %s", all[twin].declaration())
		}
		e.Notes = e.losses()
		all = append(all, e)
	}
	return all
}

// deploy adds the networks of a contract, and returns its places. What is not known is taken from the environment.
func (p *project) deploy(name string, deployments []Deployment) []deployed {
	if len(deployments) == 0 {
		p.addNetwork(network{"${NETWORK}", "${CHAIN_ID}", "${RPC_URL}"})
		return []deployed{{"${NETWORK}", variable(name, "ADDRESS"), variable(name, "START_BLOCK")}}
	}
	var places []deployed
	for _, d := range deployments {
		p.addNetwork(network{d.Network, strconv.FormatUint(d.ChainID, 10), variable(d.Network, "RPC_URL")})
		start := strconv.FormatUint(d.StartBlock, 10)
		if d.StartBlock == 0 {
			start = variable(name, d.Network, "START_BLOCK")
		}
		places = append(places, deployed{d.Network, strings.ToLower(d.Address), start})
	}
	return places
}

func (p *project) addNetwork(n network) {
	if !slices.Contains(p.Networks, n) {
		p.Networks = append(p.Networks, n)
	}
}

// variable is a reference to the environment.
func variable(parts ...string) string {
	return "${" + strings.ToUpper(notInName.ReplaceAllString(strings.Join(parts, "_"), "_")) + "}"
}

var (
	notInName  = regexp.MustCompile(`[^A-Za-z0-9]+`)
	filterWord = regexp.MustCompile(`(?i)(fil)(ter)`) // which rindexer reserves
)

// rindexerName makes a name that rindexer takes.
func rindexerName(text string) string {
	name := strings.Trim(notInName.ReplaceAllString(text, "_"), "_")
	if name != "" && name[0] <= '9' {
		name = "n" + name // it begins the names of variables, too
	}
	return filterWord.ReplaceAllString(orElse(name, "Contract"), "${1}_${2}")
}

// contractNames returns the name of each file's contract. Those of files that would have the same one, whatever its case,
// end in digits of the file's name: which comes first must not matter.
func contractNames(files []string) map[string]string {
	have := map[string]int{}
	for _, file := range files {
		have[strings.ToLower(rindexerName(file))]++
	}
	names := map[string]string{}
	for _, file := range files {
		names[file] = rindexerName(file)
		if have[strings.ToLower(names[file])] > 1 {
			names[file] += "_" + digits(file, hashDigits)
		}
	}
	return names
}

// partName is the name of an entry for one event.
func (p *project) partName(contract string, e sent) string {
	name := contract + "_" + rindexerName(strings.TrimSuffix(e.table, tableSuffix))
	if p.names[strings.ToLower(name)] {
		name += "_" + digits(contract+" "+e.declaration(), hashDigits)
	}
	p.names[strings.ToLower(name)] = true
	return name
}

// abi is what rindexer reads of a contract: its events, with a name for every parameter that it could not tell apart.
func (c contract) abi() []byte {
	type entry struct {
		Type      string      `json:"type"`
		Name      string      `json:"name"`
		Anonymous bool        `json:"anonymous"`
		Inputs    []jsonInput `json:"inputs"`
	}
	entries := []entry{}
	for _, e := range c.Events {
		inputs := []jsonInput{}
		for i, p := range e.params {
			inputs = append(inputs, newInput(orElse(e.aliases[i], p.name), p.typ, p.indexed))
		}
		entries = append(entries, entry{"event", e.name, false, inputs})
	}
	text, err := json.MarshalIndent(entries, "", "  ")
	if err != nil {
		panic(err) // it is text and booleans
	}
	return append(text, '\n')
}

// jsonInput is a parameter as rindexer reads it. Components have no "indexed".
type jsonInput struct {
	Name       string      `json:"name"`
	Type       string      `json:"type"`
	Indexed    *bool       `json:"indexed,omitempty"`
	Components []jsonInput `json:"components,omitempty"`
}

func newInput(name string, t *abiType, indexed bool) jsonInput {
	in := newComponent(name, t)
	in.Indexed = &indexed
	return in
}

func newComponent(name string, t *abiType) jsonInput {
	in := jsonInput{Name: name}
	dimensions := ""
	for ; t.kind == kindArray; t = t.elem {
		size := ""
		if t.size != dynamic {
			size = strconv.Itoa(t.size)
		}
		dimensions = "[" + size + "]" + dimensions
	}
	if t.kind != kindTuple {
		in.Type = t.canonical() + dimensions
		return in
	}
	in.Type = "tuple" + dimensions
	for _, f := range t.fields {
		in.Components = append(in.Components, newComponent(f.name, f.typ))
	}
	return in
}

// reason says why rindexer cannot send the event. It is empty where it can.
func (s sent) reason() string {
	if s.anonymous {
		return "rindexer finds logs by their first topic, which an anonymous event does not have"
	}
	for i, p := range s.params {
		name := orElse(p.name, fmt.Sprintf("parameter %d", i+1))
		if why := p.panics(); why != "" {
			return fmt.Sprintf("rindexer panics over %s, which %s", name, why)
		}
	}
	return ""
}

// panics says what of a parameter makes rindexer panic, where its ABI has no internalType.
func (p param) panics() string {
	t := p.typ
	switch {
	case p.hashed() && t.kind == kindTuple && len(t.fields) > 1:
		return "is an indexed struct of several fields"
	case p.hashed():
		return ""
	case t.kind == kindTuple:
		for _, f := range t.fields {
			if f.typ.kind == kindTuple {
				return "is a struct with a struct in it"
			}
			if why := f.typ.panics(); why != "" {
				return "has a field that " + why
			}
		}
		return ""
	}
	return t.panics()
}

// panics is param.panics for what is no tuple of its own.
func (t *abiType) panics() string {
	switch {
	case t.kind == kindFunction, t.kind == kindArray && t.elem.kind == kindFunction:
		return "is of type function"
	case t.kind == kindArray && t.elem.kind == kindArray:
		return "is an array of arrays"
	}
	return ""
}

// losses says what of an event does not arrive although it is sent, or not always.
func (s sent) losses() []string {
	var notes []string
	for i, p := range s.params {
		name := orElse(p.name, fmt.Sprintf("parameter %d", i+1))
		if p.hashed() {
			continue
		}
		if note := p.typ.loss(name, false); note != "" {
			notes = append(notes, note)
		}
		if p.typ.holds(func(t *abiType) bool { return t.kind == kindInt && 40 <= t.size && t.size <= 64 }) {
			notes = append(notes, fmt.Sprintf("rindexer panics over a negative value of %s: leave the event out if one can occur", name))
		}
	}
	return notes
}

// loss says what of a value of type t rindexer sends otherwise than it is, where its ABI has no internalType; below says
// that it stands below an array of tuples, where rindexer encodes otherwise than elsewhere. See abiType.sentAsNull.
func (t *abiType) loss(name string, below bool) string {
	innermost := t
	for innermost.kind == kindArray {
		innermost = innermost.elem
	}
	switch {
	case t.kind == kindArray && innermost.kind == kindBytes && !below:
		return fmt.Sprintf("rindexer sends %s empty, whatever it holds: the column is NULL", name)
	case below && (innermost.kind == kindFunction || t.kind == kindArray && t.elem.kind == kindArray):
		return fmt.Sprintf("rindexer has no form for a part of %s: the column is NULL where that occurs", name)
	case innermost.kind != kindTuple:
		return ""
	}
	seen := map[string]bool{}
	for _, f := range innermost.fields {
		if seen[f.name] {
			return fmt.Sprintf("fields of %s share a name, and rindexer sends one of them: the column is NULL", name)
		}
		seen[f.name] = true
		if note := f.typ.loss(strings.TrimSuffix(name+"."+f.name, "."), below || t.kind == kindArray); note != "" {
			return note
		}
	}
	return ""
}

// holds reports whether is holds for t or for a type in it, down to the first array of tuples.
func (t *abiType) holds(is func(*abiType) bool) bool {
	switch {
	case t.kind == kindArray && t.elem.kind == kindTuple:
		return false // which has another encoder
	case t.kind == kindArray:
		return t.elem.holds(is)
	case t.kind == kindTuple:
		return slices.ContainsFunc(t.fields, func(f field) bool { return f.typ.holds(is) })
	}
	return is(t)
}
