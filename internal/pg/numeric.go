package pg

import (
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
	return value.(event.Integer).AppendNumeric(buf), nil
}
