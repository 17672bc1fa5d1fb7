package event

import (
	"strings"
	"unicode/utf8"

	"github.com/holiman/uint256"
)

// Replacement is what stands in text columns where the event holds U+0000, which PostgreSQL cannot store.
const Replacement = "\uFFFD"

// CleanText returns s as a text column can hold it, and whether U+0000 had to be replaced. Bytes that are not UTF-8
// become U+FFFD without being counted: the EVM does not check strings, and rindexer has replaced them already.
func CleanText(s string) (clean string, hadNUL bool) {
	if !utf8.ValidString(s) {
		s = replaceIllFormed(s)
	}
	if strings.IndexByte(s, 0) < 0 {
		return s, false
	}
	return strings.ReplaceAll(s, "\x00", Replacement), true
}

// replaceIllFormed replaces each maximal subpart of an ill-formed sequence (Unicode Standard, section 3.9) with one
// U+FFFD, as rindexer does, which is written in Rust: so that a raw log gives the text that the message has.
func replaceIllFormed(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for len(s) > 0 {
		_, n := utf8.DecodeRuneInString(s)
		if n > 1 || s[0] < utf8.RuneSelf {
			b.WriteString(s[:n])
			s = s[n:]
			continue
		}
		for n < len(s) && !utf8.FullRuneInString(s[:n+1]) {
			n++
		}
		b.WriteString(Replacement)
		s = s[n:]
	}
	return b.String()
}

const hexDigits = "0123456789abcdef"

// AppendHex appends b as a JSON string of 0x-hex.
func (j JSON) AppendHex(b []byte) JSON {
	j = append(j, `"0x`...)
	for _, c := range b {
		j = append(j, hexDigits[c>>4], hexDigits[c&15])
	}
	return append(j, '"')
}

// AppendInteger appends n as a JSON string of decimal digits.
func (j JSON) AppendInteger(n Integer) JSON {
	j = append(j, '"')
	if n.Neg {
		j = append(j, '-')
	}
	j = append(j, n.Abs.Dec()...)
	return append(j, '"')
}

// AppendUint appends v as a JSON string of decimal digits.
func (j JSON) AppendUint(v uint256.Int) JSON { return j.AppendInteger(Integer{Abs: v}) }

// AppendBool appends true or false.
func (j JSON) AppendBool(v bool) JSON {
	if v {
		return append(j, "true"...)
	}
	return append(j, "false"...)
}

// AppendString appends s, which must be clean text, as a JSON string.
func (j JSON) AppendString(s string) JSON {
	j = append(j, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			j = append(j, '\\', c)
		case c < 0x20:
			j = append(j, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			j = append(j, c)
		}
	}
	return append(j, '"')
}
