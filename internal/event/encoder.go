package event

import (
	"encoding/binary"
	"math/bits"
	"time"

	"github.com/holiman/uint256"
)

// Encoder writes rows in the binary format of COPY. The types of the columns must be those of the calls: PostgreSQL
// checks little more than lengths.
// https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.4
type Encoder struct {
	buf []byte
}

// Begin drops what there is, and begins anew with the header of the format.
func (to *Encoder) Begin() {
	to.buf = append(to.buf[:0], "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"...)
}

// Row begins a row of so many columns.
func (to *Encoder) Row(columns int) { to.buf = binary.BigEndian.AppendUint16(to.buf, uint16(columns)) }

// End ends the rows.
func (to *Encoder) End() { to.buf = append(to.buf, 0xff, 0xff) }

// Take returns what was written since the last call, to be used before the next.
func (to *Encoder) Take() []byte {
	taken := to.buf
	to.buf = to.buf[:0]
	return taken
}

// Len is how many bytes Take would return.
func (to *Encoder) Len() int { return len(to.buf) }

// Null writes NULL into a column of any type.
func (to *Encoder) Null() { to.length(-1) }

func (to *Encoder) length(n int) { to.buf = binary.BigEndian.AppendUint32(to.buf, uint32(int32(n))) }

// Bool writes a boolean.
func (to *Encoder) Bool(v bool) {
	to.length(1)
	bit := byte(0)
	if v {
		bit = 1
	}
	to.buf = append(to.buf, bit)
}

// Int2 writes a smallint, Int4 an integer and Int8 a bigint.
func (to *Encoder) Int2(v int16) {
	to.length(2)
	to.buf = binary.BigEndian.AppendUint16(to.buf, uint16(v))
}

// Int4 writes an integer.
func (to *Encoder) Int4(v int32) {
	to.length(4)
	to.buf = binary.BigEndian.AppendUint32(to.buf, uint32(v))
}

// Int8 writes a bigint.
func (to *Encoder) Int8(v int64) {
	to.length(8)
	to.buf = binary.BigEndian.AppendUint64(to.buf, uint64(v))
}

// Text writes a text.
func (to *Encoder) Text(s string) {
	to.length(len(s))
	to.buf = append(to.buf, s...)
}

// Bytes writes a bytea; nil is NULL.
func (to *Encoder) Bytes(b []byte) {
	if b == nil {
		to.Null()
		return
	}
	to.length(len(b))
	to.buf = append(to.buf, b...)
}

// JSON writes a jsonb; nil is NULL.
func (to *Encoder) JSON(j JSON) {
	if j == nil {
		to.Null()
		return
	}
	const version = 1
	to.length(1 + len(j))
	to.buf = append(append(to.buf, version), j...)
}

// epoch is where PostgreSQL's time begins.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

// Time writes a timestamptz, to the microsecond.
func (to *Encoder) Time(t time.Time) { to.Int8(t.UnixMicro() - epoch) }

// Uint64 writes a numeric.
func (to *Encoder) Uint64(v uint64) { to.Numeric(Unsigned64(v)) }

// Uint256 writes a numeric.
func (to *Encoder) Uint256(v uint256.Int) { to.Numeric(Unsigned(v)) }

// Numeric writes a numeric.
func (to *Encoder) Numeric(n Integer) {
	start := len(to.buf)
	to.length(0)
	to.buf = n.AppendNumeric(to.buf)
	binary.BigEndian.PutUint32(to.buf[start:], uint32(len(to.buf)-start-4))
}

// maxGroups is the number of base 10,000 digits of 2^256: 78 decimal digits.
const maxGroups = 20

// AppendNumeric appends n in the format of numeric_send: the number of base 10,000 digits, the weight of the first,
// sign, scale, and the digits without zeros at the end.
// Source: PostgreSQL, src/backend/utils/adt/numeric.c.
func (n Integer) AppendNumeric(buf []byte) []byte {
	const fourGroups = 10_000 * 10_000 * 10_000 * 10_000 // the largest power of the base that a word holds
	var groups [maxGroups]uint16
	first := maxGroups
	rest := [4]uint64(n.Abs)
	for words := len(rest); ; {
		for words > 0 && rest[words-1] == 0 {
			words--
		}
		if words == 0 {
			break
		}
		var low uint64
		for i := words - 1; i >= 0; i-- {
			rest[i], low = bits.Div64(low, rest[i], fourGroups)
		}
		for range 4 {
			first--
			groups[first] = uint16(low % 10_000)
			low /= 10_000
		}
	}
	for first < maxGroups && groups[first] == 0 {
		first++
	}
	last := maxGroups
	for last > first && groups[last-1] == 0 {
		last--
	}
	buf = binary.BigEndian.AppendUint16(buf, uint16(last-first))
	buf = binary.BigEndian.AppendUint16(buf, uint16(max(maxGroups-first-1, 0)))
	sign := uint16(0)
	if n.Neg {
		sign = 0x4000
	}
	buf = binary.BigEndian.AppendUint16(buf, sign)
	buf = binary.BigEndian.AppendUint16(buf, 0)
	for _, g := range groups[first:last] {
		buf = binary.BigEndian.AppendUint16(buf, g)
	}
	return buf
}

// ElementType is the type of an array's elements.
// Source: PostgreSQL, src/include/catalog/pg_type.dat.
type ElementType uint32

// The types that columns have arrays of.
const (
	BoolElement    ElementType = 16
	BytesElement   ElementType = 17
	Int8Element    ElementType = 20
	Int2Element    ElementType = 21
	Int4Element    ElementType = 23
	TextElement    ElementType = 25
	NumericElement ElementType = 1700
)

// EncodeList writes an array of one dimension, each element by encode; nil is NULL.
func EncodeList[T any](to *Encoder, list []T, element ElementType, encode func(*Encoder, T)) {
	if list == nil {
		to.Null()
		return
	}
	start := len(to.buf)
	to.length(0)
	const lowerBound = 1
	if len(list) == 0 {
		to.words(0, 0, uint32(element))
	} else {
		to.words(1, 0, uint32(element), uint32(len(list)), lowerBound)
	}
	for _, v := range list {
		encode(to, v)
	}
	binary.BigEndian.PutUint32(to.buf[start:], uint32(len(to.buf)-start-4))
}

func (to *Encoder) words(all ...uint32) {
	for _, w := range all {
		to.buf = binary.BigEndian.AppendUint32(to.buf, w)
	}
}

// EncodeNullable writes what v points at by encode; nil is NULL.
func EncodeNullable[T any](to *Encoder, v *T, encode func(*Encoder, T)) {
	if v == nil {
		to.Null()
		return
	}
	encode(to, *v)
}
