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
// decoders know. What it cannot carry is left out, and the manifest says so.
func RindexerProject(in Input, stream string) (map[string][]byte, error) {
	m, err := decide(in)
	if err != nil {
		return nil, err
	}
	deployments, err := parseDeployments(in.Deployments)
	if err != nil {
		return nil, err
	}
	p := project{Stream: stream, names: map[string]bool{}}
	for _, file := range m.files() {
		p.add(m, file, deployments[file])
	}
	for file := range deployments {
		if !slices.Contains(m.files(), file) {
			err = errors.Join(err, fmt.Errorf("abi/%s%s: abi/ has no %[1]s.json with events", file, DeploymentsSuffix))
		}
	}
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, c := range p.Contracts {
		if len(c.Events) > 0 {
			files[c.ABI()] = c.abi()
		}
	}
	if len(files) == 0 {
		return nil, errors.New("abi/ declares no event that rindexer could send")
	}
	var manifest bytes.Buffer
	err = templates.ExecuteTemplate(&manifest, "rindexer.yaml.tmpl", p)
	files["rindexer.yaml"] = manifest.Bytes()
	return files, err
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

// contract is an entry of the manifest: a contract, or the part of it whose events have names that others have too.
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
	aliases []string
	// Notes say what of the event rindexer does not carry.
	Notes []string
}

// Name is the event's name as YAML has it, and Declaration the event as Solidity has it.
func (s sent) Name() string        { return yamlText(s.name) }
func (s sent) Declaration() string { return s.declaration() }

// plainYAML is text that YAML takes for text without quotes, in any of its versions: the words that it takes for
// something else have fewer letters.
var plainYAML = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{5,}$`)

func yamlText(text string) string {
	if plainYAML.MatchString(text) {
		return text
	}
	return strconv.Quote(text)
}

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

// add adds a file's events, as one contract and one more for each round of names that occur again.
func (p *project) add(m *model, file string, deployments []Deployment) {
	places := p.deploy(file, deployments)
	var rounds []contract
	for _, e := range m.declaredIn(file) {
		round := 0
		if e.reason() == "" {
			for round < len(rounds) && rounds[round].has(e.name) {
				round++
			}
		}
		if round == len(rounds) {
			rounds = append(rounds, contract{Name: p.contractName(file), Deployments: places})
		}
		c := &rounds[round]
		if reason := e.reason(); reason != "" {
			c.Unsent = append(c.Unsent, sent{event: e.event, Notes: []string{reason}})
			continue
		}
		c.Events = append(c.Events, e)
	}
	p.Contracts = append(p.Contracts, rounds...)
}

// has reports whether the contract sends an event of the name, or of one that differs in case: rindexer would keep one
// checkpoint for both.
func (c *contract) has(name string) bool {
	return slices.ContainsFunc(c.Events, func(s sent) bool { return strings.EqualFold(s.name, name) })
}

// declaredIn returns the events of a file, each variant of indexed parameters for itself, in order.
func (m *model) declaredIn(file string) []sent {
	var all []sent
	for _, d := range m.declared {
		if d.file != file || slices.ContainsFunc(all, func(s sent) bool { return s.declaration() == d.declaration() }) {
			continue
		}
		s := &shape{event: d.event}
		e := sent{event: d.event, aliases: s.aliases(columnNames(d.params))}
		e.Notes = e.losses()
		all = append(all, e)
	}
	return all
}

// deploy adds the networks of a contract, and returns its places. Without any, all is taken from the environment.
func (p *project) deploy(file string, deployments []Deployment) []deployed {
	if len(deployments) == 0 {
		p.addNetwork(network{"${NETWORK}", "${CHAIN_ID}", "${RPC_URL}"})
		variable := variableName(file)
		return []deployed{{"${NETWORK}", "${" + variable + "_ADDRESS}", "${" + variable + "_START_BLOCK}"}}
	}
	var places []deployed
	for _, d := range deployments {
		p.addNetwork(network{d.Network, strconv.FormatUint(d.ChainID, 10), "${" + variableName(d.Network) + "_RPC_URL}"})
		start := strconv.FormatUint(d.StartBlock, 10)
		if d.StartBlock == 0 {
			start = "${" + variableName(file+"_"+d.Network) + "_START_BLOCK}"
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

func variableName(name string) string { return strings.ToUpper(orElse(snake(name), "contract")) }

var (
	notInName  = regexp.MustCompile(`[^A-Za-z0-9]+`)
	filterWord = regexp.MustCompile(`(?i)(fil)(ter)`) // which rindexer reserves
)

// contractName returns a name for a contract that rindexer takes and no other has.
func (p *project) contractName(file string) string {
	base := strings.Trim(notInName.ReplaceAllString(file, "_"), "_")
	base = filterWord.ReplaceAllString(orElse(base, "Contract"), "${1}_${2}")
	name := base
	for i := 2; p.names[strings.ToLower(name)]; i++ {
		name = fmt.Sprintf("%s_%d", base, i)
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
		switch {
		case p.hashed():
		case p.typ.kind == kindArray && p.typ.elem.kind == kindBytes:
			notes = append(notes, fmt.Sprintf("rindexer sends %s empty, whatever it holds: the column is NULL", name))
		case (p.typ.kind == kindTuple || p.typ.kind == kindArray) && p.typ.sentAsNull(false):
			notes = append(notes, fmt.Sprintf("rindexer has no form for a part of %s: the column is NULL where that occurs", name))
		}
		if !p.hashed() && p.typ.holds(func(t *abiType) bool { return t.kind == kindInt && 40 <= t.size && t.size <= 64 }) {
			notes = append(notes, fmt.Sprintf("rindexer panics over a negative value of %s: leave the event out if one can occur", name))
		}
	}
	return notes
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
