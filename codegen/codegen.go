// Package codegen compiles contract ABIs into the Go structs, tables and queries of their events. It is not a general
// ABI tool: functions and errors are ignored, and what an event looks like in Redis or in PostgreSQL's wire format is
// the business of package event and of sqlc.
//
// Its invariant: the output depends on the content of the ABIs, of their hints and of names.lock alone. The same input,
// its entries in any order, gives the same bytes, and one more file leaves what the others made as it is.
//
// The stages, a few files each: parse (artifact.go, parse.go, declaration.go, abitype.go, hints.go, lock.go) reads;
// model (shape.go, naming.go, claim.go, types.go, model.go, index.go) makes every decision; validate (validate.go)
// holds the decisions against PostgreSQL's and Go's rules; render (render.go, templates/) writes them down.
package codegen

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// LockFile is the path of names.lock below the project directory.
const LockFile = "abi/names.lock"

// Input is what is generated from.
type Input struct {
	// Module is the path of the Go module that the generated packages belong to.
	Module string
	// ABIs holds the content of the ABI files by their names, such as "ERC20.json".
	ABIs map[string][]byte
	// Hints holds the content of the files of hints by their names, such as "ERC20.hints.yaml".
	Hints map[string][]byte
	// Deployments holds the content of the files of deployments by their names, such as "ERC20.deployments.yaml". They
	// are for RindexerProject alone.
	Deployments map[string][]byte
	// Lock is the content of names.lock, empty at first.
	Lock []byte
}

// Output is what was generated.
type Output struct {
	// Files holds the generated files by their paths below the project directory, with slashes.
	Files map[string][]byte
	// Lock is the new content of names.lock.
	Lock []byte
	// Warnings tell of events that were left out, in the order of file names and of the entries in them.
	Warnings []Warning
	// Retired are the tables whose ABI is gone, in the order of their names.
	Retired []Retired
}

// Warning tells of an entry of an ABI that is left out, because it cannot be read as an event; or, without an entry, of
// a file that holds nothing for us.
type Warning struct {
	// File is the ABI's name in Input, and Line the entry's line in it.
	File string
	Line int
	// Entry is the entry's index and name, such as "[12] Transfer".
	Entry string
	// Reason says what is wrong with it.
	Reason string
}

func (w Warning) String() string {
	if w.Entry == "" {
		return fmt.Sprintf("abi/%s: %s", w.File, w.Reason)
	}
	return fmt.Sprintf("abi/%s:%d: %s is left out: %s", w.File, w.Line, w.Entry, w.Reason)
}

// Retired is a table of names.lock whose event no ABI declares any more. Its name stays reserved, and the table stays
// in the database, but nothing reads or writes it.
type Retired struct {
	Table       string
	Declaration string // of its event, as Solidity has it
}

// Generate compiles the ABIs. An error names everything that is wrong with the files as a whole; an entry that
// cannot be read costs no more than itself and a warning.
func Generate(in Input) (Output, error) {
	m, err := decide(in)
	if err != nil {
		return Output{}, err
	}
	tables, err := m.tables()
	if err != nil {
		return Output{}, err
	}
	out := Output{Lock: m.lock.bytes(), Warnings: m.warnings, Retired: m.lock.retired(m.shapes)}
	out.Files, err = render(in.Module, tables)
	return out, err
}

// model is what was decided: each shape with its table.
type model struct {
	declared []declared // events that are not excluded, in the order of files
	shapes   []*shape
	lock     *lock
	warnings []Warning
}

func decide(in Input) (*model, error) {
	var (
		events []declared
		m      model
		errs   []error
	)
	for _, name := range slices.Sorted(maps.Keys(in.ABIs)) {
		found, warnings, err := parseFile(name, in.ABIs[name])
		events = append(events, found...)
		m.warnings = append(m.warnings, warnings...)
		errs = append(errs, err)
	}
	hints, err := parseHints(in.Hints)
	errs = append(errs, err)
	m.lock, err = parseLock(in.Lock)
	if err := errors.Join(append(errs, err)...); err != nil {
		return nil, err
	}
	if events, err = exclude(events, hints); err != nil {
		return nil, err
	}
	m.declared = events
	m.shapes = collect(events)
	if err := hint(m.shapes, hints); err != nil {
		return nil, err
	}
	return &m, claimTables(m.shapes, m.lock)
}

// tables decides on all that depends on the tables' names, in the order of these.
func (m *model) tables() ([]*table, error) {
	var errs []error
	tables := make([]*table, len(m.shapes))
	for i, s := range m.shapes {
		tables[i] = newTable(s)
		errs = append(errs, tables[i].addIndexes(s))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	slices.SortFunc(tables, func(a, b *table) int { return cmp.Compare(a.Name, b.Name) })
	return tables, validate(tables)
}
