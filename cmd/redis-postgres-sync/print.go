package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

func newTable(w io.Writer) *tabwriter.Writer { return tabwriter.NewWriter(w, 0, 0, 2, ' ', 0) }

// printJSON prints a value as JSON that a terminal can take: whatever could control it is escaped, which changes
// nothing for those who read JSON.
func printJSON(w io.Writer, value any) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return err
	}
	var safe strings.Builder
	for _, r := range text.String() {
		switch {
		case r == '\n' || strconv.IsPrint(r):
			safe.WriteRune(r)
		default: // it stands in a string: elsewhere JSON has none of these
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&safe, `\u%04x`, unit)
			}
		}
	}
	_, err := io.WriteString(w, safe.String())
	return err
}

// printable returns foreign text as a terminal can take it: what controls it, turns the direction of writing or cannot
// be seen is escaped as in Go.
func printable(s string) string {
	var safe strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&safe, `\x%02x`, s[0])
		case strconv.IsPrint(r):
			safe.WriteRune(r)
		default:
			quoted := strconv.QuoteRuneToASCII(r)
			safe.WriteString(quoted[1 : len(quoted)-1])
		}
		s = s[n:]
	}
	return safe.String()
}

// shortened is printable for a column that has room for so many characters.
func shortened(s string, most int) string {
	// Four bytes are the longest character, and no character becomes shorter.
	if len(s) > 4*most {
		s = s[:4*most] + "…"
	}
	text := []rune(printable(s))
	if len(text) <= most {
		return string(text)
	}
	return string(text[:most-1]) + "…"
}

// quoted shows what was typed, unless a connection string may have come into the wrong place.
func quoted(s string) string {
	if strings.ContainsAny(s, "=@") {
		return "(not shown)"
	}
	return strconv.Quote(s)
}

func orDash(s string) string { return cmp.Or(s, "-") }

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// count is a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
