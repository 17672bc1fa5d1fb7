package conformance_test

import (
	"errors"
	"slices"
	"testing"
)

// place is a parameter of an event.
type place struct {
	event     string
	position  int    // from 1, as some have no name
	parameter string // as the column's comment has it
}

// uncarried lists, one by one, the parameters that rindexer cannot carry, whose columns are therefore NULL. Everything
// else must be equal to the log.
var uncarried = []struct {
	place
	// asNull: only where the payload has null in it; an empty array is carried. Otherwise always.
	asNull bool
	reason string
}{
	{place{"BytesArray", 1, "bytes[] items"}, false, "an array of bytes is sent empty"},
	{place{"BytesFixedArray", 1, "bytes[2] items"}, false, "an array of bytes is sent empty"},
	{place{"Unnamed3", 1, "uint256"}, false, "another has no name either"},
	{place{"Unnamed3", 2, "address"}, false, "another has no name either"},
	{place{"Unnamed3", 3, "bool"}, false, "another has no name either"},
	{place{"UnnamedMixed", 2, "address"}, false, "another has no name either"},
	{place{"UnnamedMixed", 3, "bool"}, false, "another has no name either"},
	{place{"MetaWords", 1, "uint256 transaction_information"}, false, "the metadata stands in its place"},
	{place{"TupleArrayNested", 1, "(uint256 x, (uint256 y, address z) inner)[] items"}, true,
		"a tuple in an array of tuples is sent as null"},
	{place{"TupleArrayMatrix", 1, "(uint256 x, uint256[][] m)[] items"}, true,
		"an array of arrays in an array of tuples is sent as nulls"},
}

// notUTF8 lists, one by one, the parameters in which the recordings have text that is not UTF-8. PostgreSQL takes
// none, and rindexer sends none: U+FFFD stands in the place of what is ill-formed.
var notUTF8 = []place{
	{"Text", 1, "string text"},
	{"IndexedText", 2, "string plain"},
}

// exceptions counts what was excepted, so that a list cannot hold more than occurs.
type exceptions map[place]int

// isUncarried reports whether the parameter is NULL for an event, whose payload has sent for it.
func (x exceptions) isUncarried(at place, sent any) bool {
	for _, u := range uncarried {
		if u.place == at && (!u.asNull || holdsNull(sent)) {
			x[at]++
			return true
		}
	}
	return false
}

// isNotUTF8 notes that the parameter held text that is not UTF-8, which the list must say.
func (x exceptions) isNotUTF8(at place) error {
	if !slices.Contains(notUTF8, at) {
		return errors.New("it is not UTF-8, which the list of exceptions does not say")
	}
	x[at]++
	return nil
}

// log tells what was excepted; all is whether the recording has every exception there is.
func (x exceptions) log(t *testing.T, all bool) {
	t.Helper()
	for _, u := range uncarried {
		x.logOne(t, u.place, "is NULL: "+u.reason, all)
	}
	for _, at := range notUTF8 {
		x.logOne(t, at, "is not UTF-8", all)
	}
}

func (x exceptions) logOne(t *testing.T, at place, what string, all bool) {
	t.Helper()
	if x[at] > 0 {
		t.Logf("exception: %s, parameter %d (%s) %s: %d values", at.event, at.position, at.parameter, what, x[at])
	} else if all {
		t.Errorf("the list says that %s, parameter %d (%s) %s, and it never is", at.event, at.position, at.parameter, what)
	}
}
