package codegen

import (
	"fmt"
	"strconv"
	"strings"
)

// storage says how the values of some ABI types are kept in Go and in PostgreSQL, and how they get there. In its
// texts, $v is the expression of a value and $n the size of its type.
type storage struct {
	kind kind
	// upTo is the largest size of the types, in bits or bytes; 0 where they have none.
	upTo int

	goType  string // of the struct's field
	sqlType string // of the column
	read    string // from an event.Value, as goType
	encode  string // into the event.Encoder "to"
	element string // what an array of them holds, as an event.ElementType
	typ     string // descriptor of package event
}

// storages is the type table: the first row that holds a type is the type's.
var storages = []storage{
	{kindBool, 0, "bool", "boolean", "$v.Bool()", "to.Bool($v)", "event.BoolElement", "event.Bool()"},

	{kindUint, 8, "uint8", "smallint",
		"uint8($v.Uint($n))", "to.Int2(int16($v))", "event.Int2Element", "event.Uint($n)"},
	{kindUint, 16, "uint16", "integer",
		"uint16($v.Uint($n))", "to.Int4(int32($v))", "event.Int4Element", "event.Uint($n)"},
	{kindUint, 24, "uint32", "integer",
		"uint32($v.Uint($n))", "to.Int4(int32($v))", "event.Int4Element", "event.Uint($n)"},
	{kindUint, 32, "uint32", "bigint",
		"uint32($v.Uint($n))", "to.Int8(int64($v))", "event.Int8Element", "event.Uint($n)"},
	{kindUint, 56, "uint64", "bigint",
		"$v.Uint($n)", "to.Int8(int64($v))", "event.Int8Element", "event.Uint($n)"},
	{kindUint, 64, "uint64", "numeric(20,0)",
		"$v.Uint($n)", "to.Uint64($v)", "event.NumericElement", "event.Uint($n)"},
	{kindUint, 256, "uint256.Int", "numeric(78,0)",
		"$v.Uint256($n)", "to.Uint256($v)", "event.NumericElement", "event.Uint($n)"},

	{kindInt, 8, "int8", "smallint",
		"int8($v.Int($n))", "to.Int2(int16($v))", "event.Int2Element", "event.Int($n)"},
	{kindInt, 16, "int16", "smallint",
		"int16($v.Int($n))", "to.Int2($v)", "event.Int2Element", "event.Int($n)"},
	{kindInt, 32, "int32", "integer",
		"int32($v.Int($n))", "to.Int4($v)", "event.Int4Element", "event.Int($n)"},
	{kindInt, 64, "int64", "bigint",
		"$v.Int($n)", "to.Int8($v)", "event.Int8Element", "event.Int($n)"},
	{kindInt, 256, "event.Integer", "numeric(78,0)",
		"$v.Integer($n)", "to.Numeric($v)", "event.NumericElement", "event.Int($n)"},

	{kindAddress, 0, "common.Address", "bytea",
		"$v.Address()", "to.Bytes($v[:])", "event.BytesElement", "event.Address()"},
	{kindFixedBytes, 31, "[$n]byte", "bytea",
		"[$n]byte($v.FixedBytes($n))", "to.Bytes($v[:])", "event.BytesElement", "event.FixedBytes($n)"},
	{kindFixedBytes, 32, "common.Hash", "bytea",
		"$v.Hash()", "to.Bytes($v[:])", "event.BytesElement", "event.FixedBytes($n)"},
	{kindFunction, 0, "[24]byte", "bytea",
		"[24]byte($v.FixedBytes(24))", "to.Bytes($v[:])", "event.BytesElement", "event.Function()"},

	{kindBytes, 0, "[]byte", "bytea", "$v.Bytes()", "to.Bytes($v)", "event.BytesElement", "event.Bytes()"},
	{kindString, 0, "string", "text", "$v.String()", "to.Text($v)", "event.TextElement", "event.String()"},
}

// The rows that other things than the kind and the size decide on.
var (
	hashStorage = storage{goType: "common.Hash", sqlType: "bytea", read: "$v.TopicHash()", encode: "to.Bytes($v[:])"}

	bytesListStorage = storage{goType: "[][]byte", sqlType: "bytea[]", read: "$v.BytesList($n)",
		encode: "event.EncodeList(to, $v, event.BytesElement, (*event.Encoder).Bytes)"}

	jsonStorage = storage{goType: "event.JSON", sqlType: "jsonb", read: "$v.JSON($t)", encode: "to.JSON($v)"}
)

// storageOf returns the row of a parameter's type.
func storageOf(p param) storage {
	t := p.typ
	switch {
	case p.hashed():
		return hashStorage
	case t.kind == kindTuple:
		return jsonStorage
	case t.kind != kindArray:
		return scalarStorage(t)
	case t.elem.kind == kindArray || t.elem.kind == kindTuple:
		return jsonStorage
	case t.elem.kind == kindBytes:
		return bytesListStorage.sized(arrayLength(t))
	}
	return listStorage(scalarStorage(t.elem), arrayLength(t))
}

func scalarStorage(t *abiType) storage {
	for _, s := range storages {
		if s.kind == t.kind && t.size <= s.upTo {
			return s.sized(strconv.Itoa(t.size))
		}
	}
	panic("no storage for " + t.canonical())
}

// listStorage is the row of an array with elements of row s.
func listStorage(s storage, length string) storage {
	return storage{
		goType:  "[]" + s.goType,
		sqlType: s.sqlType + "[]",
		read:    fmt.Sprintf("event.List($v, %s, %s)", length, s.reader()),
		encode:  fmt.Sprintf("event.EncodeList(to, $v, %s, %s)", s.element, s.encoder()),
	}
}

func arrayLength(t *abiType) string {
	if t.size == dynamic {
		return "event.Dynamic"
	}
	return strconv.Itoa(t.size)
}

// sized fills the size in.
func (s storage) sized(n string) storage {
	for _, text := range []*string{&s.goType, &s.read, &s.typ} {
		*text = strings.ReplaceAll(*text, "$n", n)
	}
	return s
}

// reader is read as a function.
func (s storage) reader() string {
	if method, ok := strings.CutPrefix(s.read, "$v."); ok {
		if method, ok = strings.CutSuffix(method, "()"); ok {
			return "event.Value." + method
		}
	}
	return fmt.Sprintf("func(v event.Value) %s { return %s }", s.goType, of("v", s.read))
}

// encoder is encode as a function.
func (s storage) encoder() string {
	if method, ok := strings.CutSuffix(s.encode, "($v)"); ok {
		return "(*event.Encoder)." + strings.TrimPrefix(method, "to.")
	}
	return fmt.Sprintf("func(to *event.Encoder, v %s) { %s }", s.goType, of("v", s.encode))
}

// nilable reports whether the field's type has a nil of its own, and needs no pointer to be NULL.
func (s storage) nilable() bool {
	return strings.HasPrefix(s.goType, "[]") || s.goType == jsonStorage.goType
}

// nullable is the row of the same types in a column that can be NULL. Its read is that of a value that is there.
func (s storage) nullable() storage {
	if s.nilable() {
		return s
	}
	null := s
	null.goType = "*" + s.goType
	null.read = "new(" + s.read + ")"
	null.encode = fmt.Sprintf("event.EncodeNullable(to, $v, %s)", s.encoder())
	return null
}

// of puts the expression of a value into a text of the type table.
func of(value, text string) string { return strings.ReplaceAll(text, "$v", value) }

// descriptor is the Go expression that builds a type's event.Type.
func descriptor(t *abiType) string {
	switch t.kind {
	case kindArray:
		return fmt.Sprintf("event.Array(%s, %s)", descriptor(t.elem), arrayLength(t))
	case kindTuple:
		var b strings.Builder
		b.WriteString("event.Tuple(\n")
		for _, f := range t.fields {
			fmt.Fprintf(&b, "event.Field{Name: %q, Type: %s},\n", f.name, descriptor(f.typ))
		}
		b.WriteString(")")
		return b.String()
	}
	return scalarStorage(t).typ
}

// sentAsNull reports whether rindexer can put null, or less than the log holds, in place of a part of t, so that the
// column has to be nullable. t is a tuple or an array; below says that it stands below an array of tuples, where
// rindexer encodes otherwise than elsewhere.
func (t *abiType) sentAsNull(below bool) bool {
	switch t.kind {
	case kindTuple:
		seen := map[string]bool{}
		for _, f := range t.fields {
			if seen[f.name] || f.typ.memberSentAsNull(below) {
				return true
			}
			seen[f.name] = true
		}
	case kindArray:
		return t.elem.sentAsNull(below || t.elem.kind == kindTuple)
	}
	return false
}

// memberSentAsNull is sentAsNull for a tuple's component.
func (t *abiType) memberSentAsNull(below bool) bool {
	innermost := t
	for innermost.kind == kindArray {
		innermost = innermost.elem
	}
	switch {
	case below && (t.kind == kindTuple || innermost.kind == kindFunction):
		return true
	case below && t.kind == kindArray && t.elem.kind == kindArray:
		return true
	case !below && t.kind == kindArray && innermost.kind == kindBytes:
		return true
	}
	return t.sentAsNull(below)
}
