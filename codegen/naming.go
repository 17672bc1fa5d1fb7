package codegen

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// The names of tables, columns and Go identifiers. The rules below are a contract with users: a change of them
// renames columns under people's queries.

const (
	maxTable      = 57 // bytes, so that <table>_stage is a name too
	maxIdentifier = 63 // bytes, PostgreSQL's NAMEDATALEN less one
	tableSuffix   = "_events"
)

// snake turns a name of an ABI into snake case:
//
//   - a capital letter begins a word where it follows a small letter or a digit, and where a small letter follows it
//     in a run of capitals: termId is term_id, HTTPServer is http_server. The s of a plural is no such small letter:
//     tokenIDs is token_ids;
//   - digits belong to the word before them: ERC721Transfer is erc721_transfer, uint256Value is uint256_value;
//   - a letter beyond ASCII is the word u<hex of its code point>;
//   - what is neither letter nor digit is an underscore, and no name begins or ends with one, or has two in a row;
//   - a name that would begin with a digit begins with n.
//
// The result can be empty.
func snake(name string) string {
	runes := []rune(name)
	var b strings.Builder
	for i, r := range runes {
		switch {
		case 'A' <= r && r <= 'Z':
			if i > 0 && beginsWord(runes, i) {
				b.WriteByte('_')
			}
			b.WriteRune(unicode.ToLower(r))
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			b.WriteRune(r)
		case r > unicode.MaxASCII:
			b.WriteString("_u" + strconv.FormatInt(int64(r), 16) + "_")
		default:
			b.WriteByte('_')
		}
	}
	words := strings.FieldsFunc(b.String(), func(r rune) bool { return r == '_' })
	joined := strings.Join(words, "_")
	if joined != "" && '0' <= joined[0] && joined[0] <= '9' {
		return "n" + joined
	}
	return joined
}

// beginsWord reports whether the capital letter at i begins a word.
func beginsWord(runes []rune, i int) bool {
	before := runes[i-1]
	afterCapital := 'A' <= before && before <= 'Z'
	plural := i+1 < len(runes) && runes[i+1] == 's' && !small(runes, i+2)
	return !afterCapital || small(runes, i+1) && !plural
}

func small(runes []rune, i int) bool { return i < len(runes) && 'a' <= runes[i] && runes[i] <= 'z' }

// hashDigits is how many hex digits of a hash tell names apart.
const hashDigits = 8

// fit cuts a name that is longer than limit bytes, and ends it in eight hex digits of the whole name's hash. A tail
// that the name ends in is kept.
func fit(name, tail string, limit int) string {
	if len(name) <= limit {
		return name
	}
	head := strings.TrimSuffix(name, tail)[:limit-len(tail)-hashDigits-1]
	return strings.TrimRight(head, "_") + "_" + digits(name, hashDigits) + tail
}

// tableNames returns the names that a shape's table may have, the best one first: a name that is taken gives way to
// one with the file's name, then with eight digits of topic0, then of the whole shape's hash as well.
func tableNames(s *shape) []string {
	name := orElse(snake(s.name), "event")
	file := orElse(snake(s.files[0]), "abi")
	topic := s.topic0()[:hashDigits]
	candidates := []string{
		name,
		file + "_" + name,
		file + "_" + name + "_" + topic,
		file + "_" + name + "_" + topic + "_" + digits(s.key(), hashDigits),
	}
	for i, c := range candidates {
		candidates[i] = fit(c+tableSuffix, tableSuffix, maxTable)
	}
	return candidates
}

// columnNames returns the columns of the parameters. A parameter's column is its name in snake case, or "param" where
// nothing is left of it. Where that is reserved, or taken by a parameter before it, an underscore and the parameter's
// position, counted from 1, are appended until it is free. An unnamed parameter is param_<position> from the start.
func columnNames(params []param) []string {
	taken := map[string]bool{}
	for _, c := range metadata {
		taken[sqlcName(c.Name)] = true
	}
	names := make([]string, len(params))
	for i, p := range params {
		position := "_" + strconv.Itoa(i+1)
		name := orElse(snake(p.name), "param")
		if p.name == "" {
			name += position
		}
		name = fit(name, "", maxIdentifier)
		for reserved[name] || taken[sqlcName(name)] {
			name = fit(name+position, position, maxIdentifier)
		}
		taken[sqlcName(name)] = true
		names[i] = name
	}
	return names
}

// fieldNames returns the names of the struct's fields. One that the embedded metadata or the methods of the struct
// have already, or a field before it, ends in the parameter's position.
func fieldNames(columns []string) []string {
	taken := map[string]bool{"Meta": true, "Metadata": true, "Key": true, "Decode": true, "Encode": true}
	for _, c := range metadata {
		taken[goName(c.Name)] = true
	}
	names := make([]string, len(columns))
	for i, column := range columns {
		name := goName(column)
		for taken[name] {
			name += strconv.Itoa(i + 1)
		}
		taken[name] = true
		names[i] = name
	}
	return names
}

// indexName is the name of the index on one column.
func indexName(table, column string) string {
	return fit(table+"_"+column+"_idx", "_idx", maxIdentifier)
}

var initialisms = []string{"abi", "erc", "evm", "http", "id", "nft", "sql", "uri", "url"}

// goName turns snake case into the name of an exported Go identifier: term_id is TermID, erc721_transfer is
// ERC721Transfer, ids is IDs.
func goName(snake string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(snake, "_") {
		b.WriteString(goWord(word))
	}
	return b.String()
}

func goWord(word string) string {
	letters := strings.TrimRight(word, "0123456789")
	if slices.Contains(initialisms, letters) {
		return strings.ToUpper(word)
	}
	if singular, plural := strings.CutSuffix(word, "s"); plural && slices.Contains(initialisms, singular) {
		return strings.ToUpper(singular) + "s"
	}
	return strings.ToUpper(word[:1]) + word[1:]
}

// unexportedName is goName for an identifier of the package's own.
func unexportedName(snake string) string {
	first, rest, found := strings.Cut(snake, "_")
	if !found {
		return first
	}
	return first + goName(rest)
}

// sqlcName is the identifier that sqlc 1.31 makes of a table or a column.
func sqlcName(snake string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(snake, "_") {
		if word == "id" {
			b.WriteString("ID")
		} else {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}

func orElse(name, fallback string) string {
	if name == "" {
		return fallback
	}
	return name
}
