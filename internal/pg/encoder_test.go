package pg_test

import (
	"bytes"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/pg"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// copyInto sends rows by COPY.
func copyInto(t *testing.T, pool *pgxpool.Pool, table string, rows func(*event.Encoder)) {
	t.Helper()
	conn, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	var to event.Encoder
	to.Begin()
	rows(&to)
	to.End()
	_, err = conn.Conn().PgConn().CopyFrom(t.Context(), bytes.NewReader(to.Take()), "COPY "+table+" FROM STDIN (FORMAT binary)")
	if err != nil {
		t.Fatal(err)
	}
}

// TestEncoder: what the server reads is what was written, for each type of a column, its extremes and NULL.
func TestEncoder(t *testing.T) {
	t.Parallel()
	pool, err := pg.Connect(t.Context(), testenv.Database(t), 2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	type values []struct {
		want  string
		write func(*event.Encoder)
	}
	const null = "(null)"
	for typ, cases := range map[string]values{
		"boolean": {
			{"true", func(to *event.Encoder) { to.Bool(true) }},
			{"false", func(to *event.Encoder) { to.Bool(false) }},
		},
		"smallint": {
			{"-32768", func(to *event.Encoder) { to.Int2(math.MinInt16) }},
			{"32767", func(to *event.Encoder) { to.Int2(math.MaxInt16) }},
		},
		"integer": {
			{"-2147483648", func(to *event.Encoder) { to.Int4(math.MinInt32) }},
			{null, func(to *event.Encoder) { event.EncodeNullable(to, nil, (*event.Encoder).Int4) }},
			{"7", func(to *event.Encoder) { event.EncodeNullable(to, new(int32(7)), (*event.Encoder).Int4) }},
		},
		"bigint": {
			{"-9223372036854775808", func(to *event.Encoder) { to.Int8(math.MinInt64) }},
			{"9223372036854775807", func(to *event.Encoder) { to.Int8(math.MaxInt64) }},
		},
		"numeric(78,0)": {
			{"0", func(to *event.Encoder) { to.Uint64(0) }},
			{"18446744073709551615", func(to *event.Encoder) { to.Uint64(math.MaxUint64) }},
			{"1000000000000000000000000", func(to *event.Encoder) {
				to.Uint256(*uint256.MustFromDecimal("1000000000000000000000000"))
			}},
			{"-5", func(to *event.Encoder) { to.Numeric(event.Integer{Abs: *uint256.NewInt(5), Neg: true}) }},
		},
		"text": {
			{"", func(to *event.Encoder) { to.Text("") }},
			{"Grüße", func(to *event.Encoder) { to.Text("Grüße") }},
		},
		"bytea": {
			{`\x`, func(to *event.Encoder) { to.Bytes([]byte{}) }},
			{`\x00ff`, func(to *event.Encoder) { to.Bytes([]byte{0, 255}) }},
			{null, func(to *event.Encoder) { to.Bytes(nil) }},
		},
		"jsonb": {
			{`{"a": 1}`, func(to *event.Encoder) { to.JSON(event.JSON(`{"a":1}`)) }},
			{null, func(to *event.Encoder) { to.JSON(nil) }},
		},
		"timestamptz": {
			{"2026-11-27 12:34:56.123456+00", func(to *event.Encoder) {
				to.Time(time.Date(2026, 11, 27, 12, 34, 56, 123456999, time.UTC))
			}},
			{"1970-01-01 00:00:00+00", func(to *event.Encoder) { to.Time(time.Unix(0, 0)) }},
		},
		"boolean[]": {{"{t,f}", func(to *event.Encoder) {
			event.EncodeList(to, []bool{true, false}, event.BoolElement, (*event.Encoder).Bool)
		}}},
		"bytea[]": {{`{"\\x01","\\x"}`, func(to *event.Encoder) {
			event.EncodeList(to, [][]byte{{1}, {}}, event.BytesElement, (*event.Encoder).Bytes)
		}}},
		"smallint[]": {{"{1,-2}", func(to *event.Encoder) {
			event.EncodeList(to, []int16{1, -2}, event.Int2Element, (*event.Encoder).Int2)
		}}},
		"integer[]": {{"{1}", func(to *event.Encoder) {
			event.EncodeList(to, []int32{1}, event.Int4Element, (*event.Encoder).Int4)
		}}},
		"bigint[]": {{"{1}", func(to *event.Encoder) {
			event.EncodeList(to, []int64{1}, event.Int8Element, (*event.Encoder).Int8)
		}}},
		"text[]": {
			{"{}", func(to *event.Encoder) {
				event.EncodeList(to, []string{}, event.TextElement, (*event.Encoder).Text)
			}},
			{null, func(to *event.Encoder) {
				event.EncodeList(to, nil, event.TextElement, (*event.Encoder).Text)
			}},
			{`{a,""}`, func(to *event.Encoder) {
				event.EncodeList(to, []string{"a", ""}, event.TextElement, (*event.Encoder).Text)
			}},
		},
	} {
		t.Run(typ, func(t *testing.T) {
			table := "t_" + common.Bytes2Hex([]byte(typ))
			if _, err := pool.Exec(t.Context(), "CREATE TABLE "+table+" (i serial, v "+typ+")"); err != nil {
				t.Fatal(err)
			}
			copyInto(t, pool, table+" (v)", func(to *event.Encoder) {
				for _, c := range cases {
					to.Row(1)
					c.write(to)
				}
			})
			var got, want []string
			err := pool.QueryRow(t.Context(),
				"SELECT array_agg(coalesce(v::text, '"+null+"') ORDER BY i) FROM "+table).Scan(&got)
			for _, c := range cases {
				want = append(want, c.want)
			}
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("got %q, want %q; error %v", got, want, err)
			}
		})
	}
}
