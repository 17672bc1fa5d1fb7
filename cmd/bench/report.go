package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// report holds the figures of one case, from several runs.
type report struct {
	Case    string   `json:"case"`
	Figures []figure `json:"figures"`
}

// figure is one measured quantity.
type figure struct {
	Name   string    `json:"name"`
	Median float64   `json:"median"`
	Runs   []float64 `json:"runs"`
}

func (r *report) add(name string, value float64) {
	i := slices.IndexFunc(r.Figures, func(f figure) bool { return f.Name == name })
	if i < 0 {
		i = len(r.Figures)
		r.Figures = append(r.Figures, figure{Name: name})
	}
	f := &r.Figures[i]
	f.Runs = append(f.Runs, value)
	sorted := slices.Sorted(slices.Values(f.Runs))
	f.Median = (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// last is the value that was added to a figure last.
func (r *report) last(name string) float64 {
	for _, f := range r.Figures {
		if f.Name == name {
			return f.Runs[len(f.Runs)-1]
		}
	}
	return 0
}

func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "\n%s\n", r.Case)
	for _, f := range r.Figures {
		runs := make([]string, len(f.Runs))
		for i, v := range f.Runs {
			runs[i] = number(v)
		}
		fmt.Fprintf(w, "  %-32s %10s   (%s)\n", f.Name, number(f.Median), strings.Join(runs, " "))
	}
}

func number(v float64) string {
	switch {
	case v >= 1000:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
