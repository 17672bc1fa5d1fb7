package event_test

import (
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// shape returns a definition whose parameters have these names.
func shape(table string, params ...string) *event.Definition {
	d := &event.Definition{Table: table}
	for _, name := range params {
		d.Params = append(d.Params, event.Param{Name: name})
	}
	return d
}

type keys []string

func (k keys) Has(name string) bool { return slices.Contains(k, name) }

func (k keys) Len() int { return len(k) }

func TestPick(t *testing.T) {
	t.Parallel()
	erc20, erc721 := shape("erc20", "from", "to", "value"), shape("erc721", "from", "to", "tokenId")
	bare, short, long := shape("bare"), shape("short", "a"), shape("long", "a", "b")
	unnamed, twice := shape("unnamed", "", ""), shape("twice", "x", "x", "y")
	reserved := shape("reserved", "a", "transaction_information")
	reserved.Params[1].Alias = "transaction_information_2"
	unnamed.Params[0].Alias, unnamed.Params[1].Alias = "param_1", "param_2"
	for _, c := range []struct {
		name       string
		candidates []*event.Definition
		keys       keys
		want       *event.Definition
		match      event.Match
	}{
		{"no candidates", nil, keys{"a"}, nil, event.MatchNone},
		{"the names tell two shapes apart", []*event.Definition{erc20, erc721}, keys{"from", "to", "tokenId"}, erc721, event.MatchExact},
		{"in any order", []*event.Definition{erc721, erc20}, keys{"value", "to", "from"}, erc20, event.MatchExact},
		{"other names", []*event.Definition{erc20, erc721}, keys{"src", "dst", "wad"}, nil, event.MatchNone},
		{"some of the names", []*event.Definition{erc20, erc721}, keys{"from", "tokenId"}, erc721, event.MatchPart},
		{"names of both: the first", []*event.Definition{erc20, erc721}, keys{"from", "to"}, erc20, event.MatchPart},
		{"no key at all is a part of any shape", []*event.Definition{erc20}, nil, erc20, event.MatchPart},
		{"some of the names and another", []*event.Definition{erc20}, keys{"from", "wad"}, nil, event.MatchNone},
		{"all of the names and another", []*event.Definition{erc20}, keys{"from", "to", "value", "memo"}, erc20, event.MatchWhole},
		{"the shape that leaves no key over", []*event.Definition{short, long}, keys{"a", "b"}, long, event.MatchExact},
		{"the same, in the other order", []*event.Definition{long, short}, keys{"a", "b"}, long, event.MatchExact},
		{"the shorter one where the longer one lacks a key", []*event.Definition{long, short}, keys{"a"}, short, event.MatchExact},
		{"no parameters", []*event.Definition{bare}, nil, bare, event.MatchExact},
		{"no parameters beside some", []*event.Definition{bare, short}, keys{"a"}, short, event.MatchExact},
		{"unnamed parameters share one key", []*event.Definition{unnamed}, keys{""}, unnamed, event.MatchExact},
		{"a name that occurs twice is one key", []*event.Definition{twice}, keys{"x", "y"}, twice, event.MatchExact},
		{"unnamed parameters by their aliases", []*event.Definition{unnamed}, keys{"param_2", "param_1"}, unnamed, event.MatchExact},
		{"unnamed parameters with names of somebody's", []*event.Definition{unnamed}, keys{"a", "b"}, nil, event.MatchNone},
		{"one alias of two", []*event.Definition{unnamed}, keys{"param_1"}, nil, event.MatchNone},
		{"a parameter that the metadata hides, by its alias", []*event.Definition{reserved}, keys{"a", "transaction_information_2"},
			reserved, event.MatchExact},
		{"a parameter that the metadata hides is not asked for", []*event.Definition{reserved}, keys{"a"}, reserved, event.MatchExact},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var want []*event.Definition
			if c.want != nil {
				want = []*event.Definition{c.want}
			}
			if got, match := event.Pick(c.candidates, c.keys); !slices.Equal(got, want) || match != c.match {
				t.Errorf("got %+v, %v, want %+v, %v", got, match, c.want, c.match)
			}
		})
	}
	t.Run("all with the same names, those with hashes first", func(t *testing.T) {
		plain, hashed := shape("plain", "x"), shape("hashed", "x")
		hashed.Params[0].Hashed = true
		for _, candidates := range [][]*event.Definition{{plain, hashed}, {hashed, plain}} {
			got, match := event.Pick(candidates, keys{"x"})
			if !slices.Equal(got, []*event.Definition{hashed, plain}) || match != event.MatchExact {
				t.Errorf("got %+v, %v", got, match)
			}
		}
	})
}

func TestCatalog(t *testing.T) {
	t.Parallel()
	topic := common.HexToHash("0x02")
	first := &event.Definition{Table: "a", Name: "Moved", Topic0: topic}
	second := &event.Definition{Table: "b", Name: "Moved", Topic0: topic}
	anonymous := &event.Definition{Table: "c", Name: "Moved", Topic0: topic, Anonymous: true}
	c := event.NewCatalog(first, second, anonymous)
	if got := c.ByTopic(topic); !slices.Equal(got, []*event.Definition{first, second}) {
		t.Errorf("by topic: %v; an anonymous event has no topic0", got)
	}
	if got := c.ByName("Moved"); !slices.Equal(got, c.All()) || len(got) != 3 {
		t.Errorf("by name: %v", got)
	}
	if got := append(c.ByTopic(common.Hash{}), c.ByName("moved")...); len(got) != 0 {
		t.Errorf("found %v for what nobody declares", got)
	}
}

func TestKeyCompare(t *testing.T) {
	t.Parallel()
	ordered := []event.Key{
		{"B", 9, 9, []byte{9}}, // as in the collation "C"
		{"a", 1, 0, []byte{1}},
		{"a", 1, 0, []byte{2}},
		{"a", 1, 2, []byte{0}},
		{"a", 2, 1, []byte{0}},
		{"é", 0, 0, nil},
	}
	for i, a := range ordered {
		for k, b := range ordered {
			want := 0
			if i < k {
				want = -1
			} else if i > k {
				want = 1
			}
			if got := a.Compare(b); got != want {
				t.Errorf("compare %v with %v: got %d, want %d", a, b, got, want)
			}
		}
	}
}

func TestTypeKey(t *testing.T) {
	t.Parallel()
	u := event.Bool()
	tuple := event.Tuple(
		event.Field{Name: "a", Type: u}, event.Field{Type: u}, event.Field{Name: "a", Type: u}, event.Field{Name: "b", Type: u},
		event.Field{Type: u}, event.Field{Name: "4", Type: u},
	)
	for i, want := range []string{"a", "1", "2", "b", "4_", "4"} {
		if got := tuple.Key(i); got != want {
			t.Errorf("component %d: got %q, want %q", i, got, want)
		}
	}
}
