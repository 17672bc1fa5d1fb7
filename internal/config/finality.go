package config

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

const mostFinality = 1_000_000

// Finality is a number of blocks by chain id. The zero value is not usable; Load fills it.
type Finality struct {
	chains map[int64]int64
	others int64
}

func (f Finality) of(chainID int64) int64 {
	if blocks, ok := f.chains[chainID]; ok {
		return blocks
	}
	return f.others
}

// String writes the form that the setting has, chains in the order of their ids.
func (f Finality) String() string {
	var pairs []string
	for _, chain := range slices.Sorted(maps.Keys(f.chains)) {
		pairs = append(pairs, strconv.FormatInt(chain, 10)+":"+strconv.FormatInt(f.chains[chain], 10))
	}
	return strings.Join(append(pairs, "*:"+strconv.FormatInt(f.others, 10)), ",")
}

// finality takes one number for all chains, or pairs. Pairs change the table that is there, which is the default's, so
// that naming one chain leaves the others alone; a * among them replaces it.
func finality(field func(*Config) *Finality) kind {
	return kind{
		hint: "blocks",
		allowed: "a number of blocks from 0 to " + strconv.Itoa(mostFinality) +
			", or pairs chain:blocks separated by commas, with * for all other chains and no chain twice",
		parse: func(c *Config, s string) error {
			f, ok := parseFinality(s)
			if !ok {
				return errValue
			}
			*field(c) = f.over(*field(c))
			return nil
		},
		show: func(c *Config) string { return field(c).String() },
	}
}

// parseFinality returns others as -1 if s says nothing about them.
func parseFinality(s string) (f Finality, ok bool) {
	f = Finality{chains: map[int64]int64{}, others: -1}
	if n, ok := blocks(s); ok {
		f.others = n
		return f, true
	}
	for pair := range strings.SplitSeq(s, ",") {
		chain, depth, _ := strings.Cut(strings.TrimSpace(pair), ":")
		n, ok := blocks(depth)
		if !ok || !f.add(strings.TrimSpace(chain), n) {
			return f, false
		}
	}
	return f, true
}

func blocks(s string) (int64, bool) {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	return n, err == nil && n >= 0 && n <= mostFinality
}

// add tells whether the chain is one and was not named before.
func (f *Finality) add(chain string, blocks int64) bool {
	if chain == "*" {
		named := f.others >= 0
		f.others = blocks
		return !named
	}
	id, err := strconv.ParseInt(chain, 10, 64)
	_, named := f.chains[id]
	f.chains[id] = blocks
	return err == nil && id > 0 && !named
}

func (f Finality) over(base Finality) Finality {
	if f.others >= 0 {
		return f
	}
	merged := Finality{chains: maps.Clone(base.chains), others: base.others}
	maps.Copy(merged.chains, f.chains)
	return merged
}
