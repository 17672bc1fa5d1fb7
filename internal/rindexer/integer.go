package rindexer

import (
	"errors"
	"strconv"
	"strings"

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
	for i := range len(digits) {
		if !isDigit(digits[i]) {
			return n, errInteger
		}
	}
	if digits = strings.TrimLeft(digits, "0"); len(digits) > maxDigits {
		return n, errRange
	}
	if len(digits) <= 19 {
		v, _ := strconv.ParseUint(digits, 10, 64) // 19 digits always fit, and no digits are 0
		n.Abs.SetUint64(v)
	} else if err := n.Abs.SetFromDecimal(digits); err != nil {
		return event.Integer{}, errRange
	}
	n.Neg = negative && !n.Abs.IsZero()
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
