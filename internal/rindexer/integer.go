package rindexer

import (
	"errors"
	"math/bits"
	"strings"

	"github.com/holiman/uint256"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

var (
	errInteger = errors.New("is no integer")
	errRange   = errors.New("is out of range")
)

// maxDigits is the length of 2^256 in decimal digits.
const maxDigits = 78

// parseInteger reads decimal digits with or without a minus, or 0x-hex. There is no form with a fraction or an
// exponent.
func parseInteger(s string) (n event.Integer, err error) {
	if len(s) > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') {
		return parseHex(s[2:])
	}
	digits, negative := strings.CutPrefix(s, "-")
	if digits == "" {
		return n, errInteger
	}
	low, ok := parseWord(digits[max(0, len(digits)-wordDigits):])
	if !ok {
		return n, errInteger
	}
	n.Abs.SetUint64(low)
	if len(digits) > wordDigits {
		if n.Abs, err = parseLong(digits[:len(digits)-wordDigits], low); err != nil {
			return event.Integer{}, err
		}
	}
	n.Neg = negative && !n.Abs.IsZero()
	return n, nil
}

const (
	// wordDigits is how many decimal digits always fit into 64 bits.
	wordDigits = 19
	tenToThe19 = 10_000_000_000_000_000_000
)

// parseWord reads at most so many digits, and reports whether they are.
func parseWord(digits string) (n uint64, ok bool) {
	for i := range len(digits) {
		d := digits[i] - '0'
		if d > 9 {
			return 0, false
		}
		n = 10*n + uint64(d)
	}
	return n, true
}

// parseAmount reads what most amounts are: no more than 38 decimal digits. All else is for parseInteger.
func parseAmount(digits string) (n uint256.Int, ok bool) {
	if digits == "" || len(digits) > 2*wordDigits {
		return n, false
	}
	cut := max(0, len(digits)-wordDigits)
	high, ok := parseWord(digits[:cut])
	low, okLow := parseWord(digits[cut:])
	return join(high, low), ok && okLow
}

// join is the number that has the digits of high and behind them wordDigits digits, which are low.
func join(high, low uint64) (n uint256.Int) {
	var carry uint64
	n[1], n[0] = bits.Mul64(high, tenToThe19)
	n[0], carry = bits.Add64(n[0], low, 0)
	n[1] += carry
	return n
}

// parseSmall reads what most heights, indexes and times are: no more than 19 decimal or 15 hex digits. All else is for
// parseInteger.
func parseSmall(s string) (n uint64, ok bool) {
	const hexDigits = 15
	if digits := without0x(s); len(digits) < len(s) {
		if digits == "" || len(digits) > hexDigits {
			return 0, false
		}
		for i := range len(digits) {
			d := hexValue[digits[i]]
			if d > 15 {
				return 0, false
			}
			n = n<<4 | uint64(d)
		}
		return n, true
	}
	if s == "" || len(s) > wordDigits {
		return 0, false
	}
	return parseWord(s)
}

// parseLong reads the digits of a number before its last ones, which are low.
func parseLong(digits string, low uint64) (n uint256.Int, err error) {
	if len(digits) <= wordDigits {
		high, ok := parseWord(digits)
		if !ok {
			return n, errInteger
		}
		return join(high, low), nil
	}
	for i := range len(digits) {
		if !isDigit(digits[i]) {
			return n, errInteger
		}
	}
	if digits = strings.TrimLeft(digits, "0"); len(digits) > maxDigits-wordDigits {
		return n, errRange
	}
	if digits != "" && n.SetFromDecimal(digits) != nil {
		return uint256.Int{}, errRange
	}
	if _, overflow := n.MulOverflow(&n, uint256.NewInt(tenToThe19)); overflow {
		return uint256.Int{}, errRange
	}
	if _, overflow := n.AddOverflow(&n, uint256.NewInt(low)); overflow {
		return uint256.Int{}, errRange
	}
	return n, nil
}

func parseHex(digits string) (n event.Integer, err error) {
	for i := range len(digits) {
		if hexValue[digits[i]] > 15 {
			return n, errInteger
		}
	}
	digits = strings.TrimLeft(digits, "0")
	if len(digits) > 64 {
		return n, errRange
	}
	var word [32]byte
	if len(digits)%2 != 0 {
		digits = "0" + digits
	}
	if _, err := fixedHex(digits, word[:]); err != nil {
		return n, errInteger
	}
	n.Abs.SetBytes(word[:len(digits)/2])
	return n, nil
}
