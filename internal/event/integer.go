package event

import (
	"fmt"
	"math/big"

	"github.com/holiman/uint256"
	"github.com/jackc/pgx/v5/pgtype"
)

// Integer is a whole number from -2^256+1 to 2^256-1: what a numeric column of an event table holds, and the value
// of a signed parameter wider than 64 bits. Zero is never negative.
type Integer struct {
	Abs uint256.Int
	Neg bool
}

// Unsigned returns v as an Integer.
func Unsigned(v uint256.Int) Integer { return Integer{Abs: v} }

// Unsigned64 returns v as an Integer.
func Unsigned64(v uint64) Integer { return Integer{Abs: uint256.Int{v}} }

// String returns the number in decimal digits.
func (n Integer) String() string {
	if n.Neg {
		return "-" + n.Abs.Dec()
	}
	return n.Abs.Dec()
}

// Big returns the number as a new big.Int.
func (n Integer) Big() *big.Int {
	b := n.Abs.ToBig()
	if n.Neg {
		b.Neg(b)
	}
	return b
}

// Fits reports whether n is a value of intN, N being bits.
func (n Integer) Fits(bits int) bool {
	if !n.Neg {
		return n.Abs.BitLen() < bits
	}
	var limit uint256.Int
	limit.Lsh(uint256.NewInt(1), uint(bits-1))
	return !n.Abs.Gt(&limit)
}

// NumericValue implements pgtype.NumericValuer, for connections without the faster codec of package pg.
func (n Integer) NumericValue() (pgtype.Numeric, error) {
	return pgtype.Numeric{Int: n.Big(), Valid: true}, nil
}

// ScanNumeric implements pgtype.NumericScanner. It refuses NULL, fractions and what exceeds 256 bits.
func (n *Integer) ScanNumeric(v pgtype.Numeric) error {
	if !v.Valid || v.NaN || v.InfinityModifier != pgtype.Finite {
		return fmt.Errorf("scan integer: not a finite number")
	}
	whole := new(big.Int).Set(v.Int)
	switch {
	case v.Exp > 77: // 10^78 exceeds 2^256
		return fmt.Errorf("scan integer: exponent %d is out of range", v.Exp)
	case v.Exp > 0:
		whole.Mul(whole, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(v.Exp)), nil))
	case v.Exp < 0:
		rest := new(big.Int)
		whole.QuoRem(whole, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-v.Exp)), nil), rest)
		if rest.Sign() != 0 {
			return fmt.Errorf("scan integer: the number has a fraction")
		}
	}
	n.Neg = whole.Sign() < 0
	if n.Abs.SetFromBig(whole.Abs(whole)) {
		return fmt.Errorf("scan integer: the number exceeds 256 bits")
	}
	return nil
}
