// Package event is the vocabulary of the service: what a message, an event, its type, its row and a batch are, and
// the catalog that tells which table an event belongs to. It reads raw logs, and leaves rindexer's JSON to package
// rindexer, and all input and output to others.
//
// Its invariant: a value that a decoder returns without an error is exactly the value that the log carries, but for
// U+0000 in text.
package event

import (
	"cmp"
	"context"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Row is one decoded event, ready for its table. Generated structs are Rows.
type Row interface {
	// Decode reads the event's parameters. Metadata is filled in by whoever has it.
	Decode(Decoder)
	// Encode writes the columns that Definition.Columns names.
	Encode(*Encoder)
	Metadata() *Meta
}

// DB is the transaction that rows are merged in.
type DB interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Handler makes and merges the rows of one table. Every event has a generated one.
type Handler interface {
	NewRow() Row
	// Merge inserts those of the rows in the temporary table <table>_stage, so many, whose keys are new. Rows that stand
	// already with the same content are left, but for a NULL that the newcomer can fill. Keys must not repeat within the
	// rows.
	Merge(ctx context.Context, db DB, staged int) (Merged, error)
}

// Merged is what became of the rows of a merge.
type Merged struct {
	// Inserted counts the rows whose keys were new.
	Inserted int64
	// Conflicts are the keys that stand with other content. The standing rows were not touched.
	Conflicts []Key
	// Unfilled: standing rows lack what the newcomers have, and were not filled, which only a trigger can bring about.
	Unfilled bool
}

// Definition is the catalog's entry for one table: one event shape, whichever contracts declare it.
type Definition struct {
	Table     string
	Name      string // as Solidity declares it
	Signature string // canonical, such as Transfer(address,address,uint256)
	Topic0    common.Hash
	Anonymous bool
	Params    []Param
	// Layouts are the positions of the indexed parameters, one list for each way in which an ABI declares them.
	Layouts [][]int
	Handler Handler
}

// Param is one parameter of an event.
type Param struct {
	// Name is the ABI's, which is the key in rindexer's JSON.
	Name   string
	Column string
	Type   *Type
	// Hashed: indexed and of a dynamic type or a tuple, so that the log holds its hash only.
	Hashed bool
	// Alias is the key of a parameter that rindexer's JSON cannot carry under its own, see Decoder; else it is empty.
	Alias string
}

// Columns are the columns that a row is written with, in the order of Row.Encode.
func (d *Definition) Columns() []string {
	columns := MetaColumns()
	for _, p := range d.Params {
		columns = append(columns, p.Column)
	}
	return columns
}

// Catalog finds definitions. It is immutable, so that any goroutine may use it.
type Catalog struct {
	all     []*Definition
	byTopic map[common.Hash][]*Definition
	byName  map[string][]*Definition
}

// NewCatalog returns a catalog of the definitions, in their order.
func NewCatalog(definitions ...*Definition) *Catalog {
	c := &Catalog{
		all:     definitions,
		byTopic: make(map[common.Hash][]*Definition),
		byName:  make(map[string][]*Definition),
	}
	for _, d := range definitions {
		c.byName[d.Name] = append(c.byName[d.Name], d)
		if !d.Anonymous {
			c.byTopic[d.Topic0] = append(c.byTopic[d.Topic0], d)
		}
	}
	return c
}

// All returns every definition, in the order of the table names.
func (c *Catalog) All() []*Definition { return c.all }

// ByTopic returns the shapes with that topic0: several where contracts name the parameters differently.
func (c *Catalog) ByTopic(topic0 common.Hash) []*Definition { return c.byTopic[topic0] }

// ByName returns the shapes of that name, for messages that do not tell topic0.
func (c *Catalog) ByName(name string) []*Definition { return c.byName[name] }

// Match is how an item's keys compare with the shapes that it may be.
type Match int

const (
	// MatchNone: the keys are those of another event, or of the same one with other parameter names.
	MatchNone Match = iota
	// MatchPart: the keys are none or some, but not all, of a shape's.
	MatchPart
	// MatchWhole: every parameter of a shape has its key, and there are others.
	MatchWhole
	// MatchExact: the keys are just those of a shape's parameters.
	MatchExact
)

// Keys is a set of parameter names, that of an item of a message.
type Keys interface {
	Has(name string) bool
	Len() int
}

// Pick returns the candidates that fit the keys best: one that they fit in part, or all that name the most of them.
// There can be several of these where shapes differ only in the components of a tuple, or in which parameters are
// indexed: the values must tell. Those of which more parameters are hashes come first, because a hash can be read as
// text, and hardly any text as a hash. (A bytes parameter of just 32 bytes can: then nothing tells.)
func Pick(candidates []*Definition, keys Keys) ([]*Definition, Match) {
	var whole, part []*Definition
	most := -1
	for _, d := range candidates {
		named, present := d.present(keys)
		switch {
		case present == named && named > most:
			whole, most = []*Definition{d}, named
		case present == named && named == most:
			whole = append(whole, d)
		case present == keys.Len() && part == nil:
			part = []*Definition{d}
		}
	}
	slices.SortStableFunc(whole, func(a, b *Definition) int { return b.hashes() - a.hashes() })
	switch {
	case whole != nil && most == keys.Len():
		return whole, MatchExact
	case whole != nil:
		return whole, MatchWhole
	case part != nil:
		return part, MatchPart
	}
	return nil, MatchNone
}

// hashes counts the parameters of which a log holds the hash only.
func (d *Definition) hashes() int {
	n := 0
	for _, p := range d.Params {
		if p.Hashed {
			n++
		}
	}
	return n
}

// present counts the distinct keys that d's parameters have in JSON, and how many of them are keys of the item: by
// alias where all of these are there, else by name.
func (d *Definition) present(keys Keys) (named, present int) {
	if d.HasAliases() {
		for _, p := range d.Params {
			if keys.Has(cmp.Or(p.Alias, p.Name)) {
				present++
			}
		}
		if present == len(d.Params) {
			return present, present
		}
		present = 0
	}
	for i, p := range d.Params {
		if p.Name == metadataKey || d.namedBefore(i) {
			continue
		}
		named++
		if keys.Has(p.Name) {
			present++
		}
	}
	return named, present
}

// HasAliases reports whether d has parameters that rindexer's JSON cannot carry under their own names.
func (d *Definition) HasAliases() bool {
	return slices.ContainsFunc(d.Params, func(p Param) bool { return p.Alias != "" })
}

func (d *Definition) namedBefore(i int) bool {
	for _, p := range d.Params[:i] {
		if p.Name == d.Params[i].Name {
			return true
		}
	}
	return false
}

// metadataKey is the key under which rindexer puts Meta into each item, over a parameter of that name.
const metadataKey = "transaction_information"
