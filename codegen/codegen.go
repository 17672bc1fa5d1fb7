// Package codegen compiles contract ABIs into the Go structs, tables and queries of their events. It is not a general
// ABI tool: functions and errors are ignored, and what an event looks like in Redis or in PostgreSQL's wire format is
// the business of package event and of sqlc.
//
// Its invariant: the output depends on the content of the ABIs and of names.lock alone. The same input, its entries
// in any order, gives the same bytes, and one more file leaves what the others made as it is.
//
// The stages, a file or two each: parse (parse.go, abitype.go) reads events; model (shape.go, naming.go, claim.go,
// types.go, model.go) makes every decision; validate (validate.go) holds the decisions against PostgreSQL's and Go's
// rules; render (render.go, templates/) writes them down.
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
}

// Warning tells of an entry of an ABI that is left out, because it cannot be read as an event.
type Warning struct {
	// File is the ABI's name in Input.
	File string
	// Entry is the entry's index and name, such as "[12] Transfer".
	Entry string
	// Reason says what is wrong with it.
	Reason string
}

func (w Warning) String() string {
	return fmt.Sprintf("abi/%s: %s is left out: %s", w.File, w.Entry, w.Reason)
}

// Generate compiles the ABIs. An error names everything that is wrong with the files as a whole; an entry that
// cannot be read costs no more than itself and a warning.
func Generate(in Input) (Output, error) {
	var (
		events []declared
		out    Output
		errs   []error
	)
	for _, name := range slices.Sorted(maps.Keys(in.ABIs)) {
		found, warnings, err := parseFile(name, in.ABIs[name])
		events = append(events, found...)
		out.Warnings = append(out.Warnings, warnings...)
		errs = append(errs, err)
	}
	lock, err := parseLock(in.Lock)
	if err := errors.Join(append(errs, err)...); err != nil {
		return Output{}, err
	}

	shapes := collect(events)
	if err := claimTables(shapes, lock); err != nil {
		return Output{}, err
	}
	tables := make([]*table, len(shapes))
	for i, s := range shapes {
		tables[i] = newTable(s)
	}
	slices.SortFunc(tables, func(a, b *table) int { return cmp.Compare(a.Name, b.Name) })
	if err := validate(tables); err != nil {
		return Output{}, err
	}

	out.Lock = lock.bytes()
	out.Files, err = render(in.Module, tables)
	return out, err
}
