package pg

import (
	"encoding/binary"

	"github.com/holiman/uint256"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// registerNumeric makes a connection write event.Integer as binary numeric by itself, several times faster than by
// way of big.Int.
func registerNumeric(m *pgtype.Map) {
	numeric := &pgtype.Type{Name: "numeric", OID: pgtype.NumericOID, Codec: numericCodec{}}
	m.RegisterType(numeric)
	m.RegisterType(&pgtype.Type{
		Name: "_numeric", OID: pgtype.NumericArrayOID, Codec: &pgtype.ArrayCodec{ElementType: numeric},
	})
}

// numericCodec is pgx's own but for the binary encoding of event.Integer.
type numericCodec struct{ pgtype.NumericCodec }

func (c numericCodec) PlanEncode(m *pgtype.Map, oid uint32, format int16, value any) pgtype.EncodePlan {
	if _, ok := value.(event.Integer); ok && format == pgtype.BinaryFormatCode {
		return encodeInteger{}
	}
	return c.NumericCodec.PlanEncode(m, oid, format, value)
}

type encodeInteger struct{}

func (encodeInteger) Encode(value any, buf []byte) ([]byte, error) {
	return appendNumeric(buf, value.(event.Integer)), nil
}

// maxGroups is the number of base 10,000 digits of 2^256: 78 decimal digits.
const maxGroups = 20

// appendNumeric appends n in the format of numeric_send: the number of base 10,000 digits, the weight of the first,
// sign, scale, and the digits without zeros at the end.
// Source: PostgreSQL, src/backend/utils/adt/numeric.c.
func appendNumeric(buf []byte, n event.Integer) []byte {
	var groups [maxGroups]uint16
	first := maxGroups
	for rest := n.Abs; !rest.IsZero(); {
		// Four groups at a time, so that the wide division is seldom.
		var quotient, remainder uint256.Int
		quotient.DivMod(&rest, tenToThe16, &remainder)
		low := remainder.Uint64()
		for range 4 {
			first--
			groups[first] = uint16(low % 10_000)
			low /= 10_000
		}
		rest = quotient
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

var tenToThe16 = uint256.NewInt(10_000_000_000_000_000)
