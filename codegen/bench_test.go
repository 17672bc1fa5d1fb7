package codegen

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
)

// BenchmarkGenerate generates from 226 ABIs with some 2,500 events: the real ones, again and again with their events
// renamed. It does not run sqlc.
func BenchmarkGenerate(b *testing.B) {
	const files = 226
	abis := renamed(b, realABIs(b), files)
	var out Output
	for b.Loop() {
		var err error
		if out, err = Generate(Input{Module: module, ABIs: abis}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(out.Files)/3), "tables")
}

// renamed returns n ABIs, each event of each round under another name.
func renamed(tb testing.TB, abis map[string][]byte, n int) map[string][]byte {
	tb.Helper()
	all := map[string][]byte{}
	names := slices.Sorted(maps.Keys(abis))
	for i := range n {
		round, name := i/len(names), names[i%len(names)]
		var entries []map[string]any
		if err := json.Unmarshal(abis[name], &entries); err != nil {
			tb.Fatal(err)
		}
		for _, e := range entries {
			if e["type"] == "event" && round > 0 {
				e["name"] = fmt.Sprintf("%sR%d", e["name"], round)
			}
		}
		text, err := json.Marshal(entries)
		if err != nil {
			tb.Fatal(err)
		}
		all[fmt.Sprintf("R%d_%s", round, name)] = text
	}
	return all
}
