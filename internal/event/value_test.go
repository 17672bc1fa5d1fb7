package event_test

import (
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/holiman/uint256"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// integer returns decimal digits as an Integer.
func integer(tb testing.TB, digits string) event.Integer {
	tb.Helper()
	abs, negative := strings.CutPrefix(digits, "-")
	v, err := uint256.FromDecimal(abs)
	if err != nil {
		tb.Fatal(err)
	}
	return event.Integer{Abs: *v, Neg: negative}
}

// power returns 2^n, plus more.
func power(n uint, more int64) *big.Int {
	p := new(big.Int).Lsh(big.NewInt(1), n)
	return p.Add(p, big.NewInt(more))
}

func TestInteger(t *testing.T) {
	t.Parallel()
	for _, want := range []string{
		"0", "1", "-1", "9999", "10000", "-18446744073709551616",
		power(256, -1).String(), "-" + power(256, -1).String(), "-" + power(255, 0).String(),
	} {
		n := integer(t, want)
		if n.String() != want || n.Big().String() != want {
			t.Errorf("%s: String %s, Big %s", want, n, n.Big())
		}
	}
	n := integer(t, "-5")
	n.Big().SetInt64(7)
	if n.String() != "-5" {
		t.Errorf("Big is not a new one: %s", n)
	}
	if got := event.Unsigned64(math.MaxUint64).String(); got != "18446744073709551615" {
		t.Errorf("Unsigned64: %s", got)
	}
	if got := event.Unsigned(*uint256.NewInt(7)).String(); got != "7" {
		t.Errorf("Unsigned: %s", got)
	}
}

func TestIntegerFits(t *testing.T) {
	t.Parallel()
	for bits := 8; bits <= 256; bits += 8 {
		top := power(uint(bits-1), 0)
		for _, c := range []struct {
			n    *big.Int
			fits bool
		}{
			{big.NewInt(0), true}, {big.NewInt(-1), true},
			{new(big.Int).Sub(top, big.NewInt(1)), true}, {top, false},
			{new(big.Int).Neg(top), true}, {new(big.Int).Neg(power(uint(bits-1), 1)), false},
		} {
			if got := integer(t, c.n.String()).Fits(bits); got != c.fits {
				t.Errorf("%s in int%d: got %v", c.n, bits, got)
			}
		}
	}
}

func TestIntegerScanNumeric(t *testing.T) {
	t.Parallel()
	number := func(digits string, exponent int32) pgtype.Numeric {
		n, _ := new(big.Int).SetString(digits, 10)
		return pgtype.Numeric{Int: n, Exp: exponent, Valid: true}
	}
	for _, c := range []struct {
		name string
		from pgtype.Numeric
		want string // "" means an error
	}{
		{"zero", number("0", 0), "0"},
		{"negative", number("-12", 0), "-12"},
		{"zeros that the exponent stands for", number("12", 3), "12000"},
		{"a fraction of zeros", number("1200", -2), "12"},
		{"the greatest", number(power(256, -1).String(), 0), power(256, -1).String()},
		{"the least", number("-"+power(256, -1).String(), 0), "-" + power(256, -1).String()},
		{"10^77", number("1", 77), "1" + strings.Repeat("0", 77)},
		{"beyond 256 bits", number(power(256, 0).String(), 0), ""},
		{"beyond 256 bits by its exponent", number("2", 77), ""},
		{"an exponent without end", number("1", math.MaxInt32), ""},
		{"a fraction", number("15", -1), ""},
		{"NULL", pgtype.Numeric{}, ""},
		{"NaN", pgtype.Numeric{NaN: true, Valid: true}, ""},
		{"infinity", pgtype.Numeric{InfinityModifier: pgtype.Infinity, Valid: true}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got event.Integer
			err := got.ScanNumeric(c.from)
			if (err != nil) != (c.want == "") || err == nil && got.String() != c.want {
				t.Errorf("got %s, %v, want %q", got, err, c.want)
			}
		})
	}
	t.Run("reads what NumericValue gave", func(t *testing.T) {
		t.Parallel()
		want := integer(t, "-340282366920938463463374607431768211456")
		value, err := want.NumericValue()
		if err != nil {
			t.Fatal(err)
		}
		var got event.Integer
		if err := got.ScanNumeric(value); err != nil || got != want {
			t.Errorf("got %s, %v", got, err)
		}
	})
}

func TestJSON(t *testing.T) {
	t.Parallel()
	const odd = "quote \" backslash \\ tab \t line \n bell \a delete \x7f <&> é 😀 \u2028"
	j := event.JSON(`[`)
	j = append(j.AppendHex([]byte{0, 0xab, 0xff}), ',')
	j = append(j.AppendHex(nil), ',')
	j = append(j.AppendInteger(integer(t, "-12")), ',')
	j = append(j.AppendUint(*uint256.NewInt(7)), ',')
	j = append(j.AppendBool(true), ',')
	j = append(j.AppendBool(false), ',')
	j = append(j.AppendString(odd), ']')
	want := []any{"0x00abff", "0x", "-12", "7", true, false, odd}
	var got []any
	if err := json.Unmarshal(j, &got); err != nil {
		t.Fatalf("%s: %v", j, err)
	}
	for i := range want {
		if i >= len(got) || got[i] != want[i] {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
	for c := range rune(0x80) {
		text := event.JSON(nil).AppendString(string(c))
		var back string
		if err := json.Unmarshal(text, &back); err != nil || back != string(c) {
			t.Errorf("%q became %s: %q, %v", c, text, back, err)
		}
	}
}

func TestCleanText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text, want string
		hadNUL           bool
	}{
		{"nothing to do", "añ😀\uFFFD", "añ😀\uFFFD", false},
		{"empty", "", "", false},
		{"NUL", "\x00a\x00", "\uFFFDa\uFFFD", true},
		{"NUL and no UTF-8", "\xff\x00", "\uFFFD\uFFFD", true},
		// The rest is from the tests of Rust's String::from_utf8_lossy, which rindexer applies.
		{"a lead byte alone", "Hello\xC2 There\xFF Goodbye", "Hello\uFFFD There\uFFFD Goodbye", false},
		{"an overlong form", "Hello\xC0\x80 There\xE6\x83 Goodbye", "Hello\uFFFD\uFFFD There\uFFFD Goodbye", false},
		{"no lead byte", "\xF5foo\xF5\x80bar", "\uFFFDfoo\uFFFD\uFFFDbar", false},
		{"sequences cut off", "\xF1foo\xF1\x80bar\xF1\x80\x80baz", "\uFFFDfoo\uFFFDbar\uFFFDbaz", false},
		{"beyond Unicode", "\xF4foo\xF4\x80bar\xF4\xBFbaz", "\uFFFDfoo\uFFFDbar\uFFFD\uFFFDbaz", false},
		{"four bytes", "\xF0\x80\x80\x80foo\xF0\x90\x80\x80bar", "\uFFFD\uFFFD\uFFFD\uFFFDfoo\U00010000bar", false},
		{"surrogates", "\xED\xA0\x80foo\xED\xBF\xBFbar", "\uFFFD\uFFFD\uFFFDfoo\uFFFD\uFFFD\uFFFDbar", false},
		{"the end in a sequence", "\xE2\x82", "\uFFFD", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got, hadNUL := event.CleanText(c.text); got != c.want || hadNUL != c.hadNUL {
				t.Errorf("got %+q, %v, want %+q", got, hadNUL, c.want)
			}
		})
	}
}
