package rindexer

import (
	"fmt"
	"math/bits"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds how deep JSON may nest, as encoding/json does: one deep value must not take its neighbours along.
const maxDepth = 10_000

// span is one JSON value within the payload. Its kind is its first byte, with '0' for every number.
type span struct {
	start, end int
	kind       byte
	// escaped: a string that holds a backslash.
	escaped bool
}

// field is one member of an object.
type field struct {
	key   string
	value span
}

// scanner walks over JSON text (RFC 8259) once and checks all of it. Errors are sticky.
type scanner struct {
	text string
	pos  int
	err  error

	tooMany bool // items or members, of which only some are kept
}

func (s *scanner) fail(format string, args ...any) {
	if s.err == nil {
		s.err = fmt.Errorf("byte %d: "+format, append([]any{s.pos}, args...)...)
		s.pos = len(s.text)
	}
}

// peek skips white space and returns the next byte, 0 at the end.
func (s *scanner) peek() byte {
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

func (s *scanner) expect(c byte) {
	if s.peek() != c {
		s.fail("%q expected", c)
		return
	}
	s.pos++
}

// value walks over the next value.
func (s *scanner) value(depth int) span {
	c := s.peek()
	v := span{start: s.pos, kind: c}
	switch {
	case c == '"':
		v.escaped = s.str()
	case c == '{':
		s.object(depth, func(field) {})
	case c == '[':
		s.array(depth, func(span) {})
	case c == '-' || isDigit(c):
		v.kind = '0'
		s.number()
	case c == 't':
		s.literal("true")
	case c == 'f':
		s.literal("false")
	case c == 'n':
		s.literal("null")
	default:
		s.fail("a value expected")
	}
	v.end = s.pos
	return v
}

// object walks over an object and calls member for each of its members.
func (s *scanner) object(depth int, member func(field)) {
	s.elements(depth, '{', '}', func() {
		f := field{key: s.key()}
		f.value = s.value(depth + 1)
		if s.err == nil {
			member(f)
		}
	})
}

// key walks over a key and the colon behind it.
func (s *scanner) key() string {
	if s.peek() != '"' {
		s.fail("a key expected")
		return ""
	}
	v := span{start: s.pos, kind: '"'}
	v.escaped = s.str()
	v.end = s.pos
	s.expect(':')
	if s.err != nil {
		return ""
	}
	return v.text(s.text)
}

// array walks over an array and calls element for each of its elements.
func (s *scanner) array(depth int, element func(span)) {
	s.elements(depth, '[', ']', func() {
		if value := s.value(depth + 1); s.err == nil {
			element(value)
		}
	})
}

// elements walks over what stands between open and end, separated by commas.
func (s *scanner) elements(depth int, open, end byte, each func()) {
	s.expect(open)
	if depth >= maxDepth {
		s.fail("nested deeper than %d", maxDepth)
		return
	}
	if s.peek() == end {
		s.pos++
		return
	}
	for s.err == nil {
		each()
		switch s.peek() {
		case ',':
			s.pos++
		case end:
			s.pos++
			return
		default:
			s.fail("',' or %q expected", end)
		}
	}
}

// str walks over a string and reports whether it holds a backslash.
func (s *scanner) str() (escaped bool) {
	for i := plainLength(s.text, s.pos+1); i < len(s.text); {
		switch c := s.text[i]; {
		case c == '"':
			s.pos = i + 1
			return escaped
		case c == '\\':
			escaped = true
			n := escapeLength(s.text[i:])
			if n == 0 {
				s.pos = i
				s.fail("invalid escape in a string")
				return escaped
			}
			i = plainLength(s.text, i+n)
		case c < 0x20:
			s.pos = i
			s.fail("control character in a string")
			return escaped
		default:
			i++
		}
	}
	s.fail("string without an end")
	return escaped
}

// plainLength returns where the text that begins at i has its first byte that ends or interrupts a string: a quote, a
// backslash or a control character. It may stop a few bytes early, and looks at eight of them at a time.
// https://graphics.stanford.edu/~seander/bithacks.html#HasLessInWord
func plainLength(text string, i int) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(text); i += 8 {
		t := text[i : i+8]
		w := uint64(t[0]) | uint64(t[1])<<8 | uint64(t[2])<<16 | uint64(t[3])<<24 |
			uint64(t[4])<<32 | uint64(t[5])<<40 | uint64(t[6])<<48 | uint64(t[7])<<56
		quote, backslash := w^('"'*ones), w^('\\'*ones)
		if found := ((quote-ones)&^quote | (backslash-ones)&^backslash | (w-' '*ones)&^w) & highs; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	return i
}

// escapeLength returns the length of the escape that text begins with, 0 if it is none.
func escapeLength(text string) int {
	if len(text) < 2 {
		return 0
	}
	if text[1] != 'u' {
		if strings.IndexByte(`"\/bfnrt`, text[1]) < 0 {
			return 0
		}
		return 2
	}
	if len(text) < 6 {
		return 0
	}
	for i := 2; i < 6; i++ {
		if hexValue[text[i]] > 15 {
			return 0
		}
	}
	return 6
}

func (s *scanner) number() {
	if s.at('-') {
		s.pos++
	}
	switch {
	case s.at('0'):
		s.pos++
	default:
		s.digits()
	}
	if s.at('.') {
		s.pos++
		s.digits()
	}
	if s.at('e') || s.at('E') {
		s.pos++
		if s.at('+') || s.at('-') {
			s.pos++
		}
		s.digits()
	}
}

func (s *scanner) at(c byte) bool { return s.pos < len(s.text) && s.text[s.pos] == c }

func (s *scanner) digits() {
	start := s.pos
	for s.pos < len(s.text) && isDigit(s.text[s.pos]) {
		s.pos++
	}
	if s.pos == start {
		s.fail("a digit expected")
	}
}

func (s *scanner) literal(word string) {
	if !strings.HasPrefix(s.text[s.pos:], word) {
		s.fail("%s expected", word)
		return
	}
	s.pos += len(word)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// raw is the value as it stands in the payload.
func (v span) raw(payload string) string { return payload[v.start:v.end] }

// text is the content of a string, and the raw text of anything else.
func (v span) text(payload string) string {
	if v.kind != '"' {
		return v.raw(payload)
	}
	content := payload[v.start+1 : v.end-1]
	if !v.escaped {
		return content
	}
	return unescape(content)
}

// unescape resolves the escapes of a checked string. A surrogate without its other half becomes U+FFFD, as in
// encoding/json.
func unescape(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for {
		i := strings.IndexByte(s, '\\')
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i])
		s = s[i:]
		if s[1] != 'u' {
			b.WriteByte(simpleEscape[s[1]])
			s = s[2:]
			continue
		}
		r := escapedUnit(s)
		s = s[6:]
		if utf16.IsSurrogate(r) {
			other := rune(utf8.RuneError)
			if strings.HasPrefix(s, `\u`) {
				other = escapedUnit(s)
			}
			if r = utf16.DecodeRune(r, other); r != utf8.RuneError {
				s = s[6:]
			}
		}
		b.WriteRune(r)
	}
}

var simpleEscape = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escapedUnit reads the four digits of \uXXXX.
func escapedUnit(s string) rune {
	var r rune
	for _, c := range []byte(s[2:6]) {
		r = r<<4 | rune(hexValue[c])
	}
	return r
}

// hexValue holds the value of each hexadecimal digit, and 0xff for every other byte.
var hexValue = func() (table [256]byte) {
	for i := range table {
		table[i] = 0xff
	}
	for i := range byte(10) {
		table['0'+i] = i
	}
	for i := range byte(6) {
		table['a'+i], table['A'+i] = 10+i, 10+i
	}
	return table
}()
