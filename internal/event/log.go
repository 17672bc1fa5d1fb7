package event

import (
	"errors"
	"fmt"
	"math/bits"
	"reflect"
	"slices"
	"strconv"

	"github.com/ethereum/go-ethereum/common"
	"github.com/holiman/uint256"
)

// wordSize is the unit of the ABI's encoding, in bytes.
const wordSize = 32

// Log is a raw log as eth_getLogs returns it.
type Log struct {
	Topics []common.Hash
	Data   []byte
}

// DecodeLog decodes a raw log into row, which must be of the definition's table. It also reports whether a text of
// it held U+0000. Any layout that an ABI declares is taken; the number of topics tells which, or else the values.
// The encoding is that of the Solidity ABI specification, sections "Events" and "Formal Specification".
func (d *Definition) DecodeLog(log Log, row Row) (hadNUL bool, err error) {
	topics := log.Topics
	if !d.Anonymous {
		if len(topics) == 0 || topics[0] != d.Topic0 {
			return false, fmt.Errorf("decode log of %s: topic0 is not that of %s", d.Table, d.Signature)
		}
		topics = topics[1:]
	}
	fitting := slices.DeleteFunc(slices.Clone(d.Layouts), func(layout []int) bool { return len(layout) != len(topics) })
	if len(fitting) == 0 {
		return false, fmt.Errorf("decode log of %s: no ABI declares it with %d indexed parameters", d.Table, len(topics))
	}
	log.Topics = topics
	if len(fitting) > 1 {
		if fitting[0], err = d.layoutOf(log, fitting); err != nil {
			return false, err
		}
	}
	return d.decodeAs(fitting[0], log, row)
}

func (d *Definition) decodeAs(layout []int, log Log, row Row) (hadNUL bool, err error) {
	decoder := logDecoder{
		params: d.Params, indexed: layout, topics: log.Topics, data: log.Data, budget: readsOfByte * len(log.Data),
	}
	row.Decode(&decoder)
	if decoder.err != nil {
		return false, fmt.Errorf("decode log of %s: %w", d.Table, decoder.err)
	}
	return decoder.hadNUL, nil
}

// layoutOf returns the layout that a log has, of several with as many topics: contracts that declare other parameters
// as indexed leave logs that only their values can tell apart. Where they do not, it is an error.
func (d *Definition) layoutOf(log Log, layouts [][]int) ([]int, error) {
	var found []int
	var row Row
	var failed error
	for _, layout := range layouts {
		other := d.Handler.NewRow()
		if _, err := d.decodeAs(layout, log, other); err != nil {
			failed = err
			continue
		}
		if row != nil && !reflect.DeepEqual(row, other) {
			return nil, fmt.Errorf("decode log of %s: ABIs declare other parameters as indexed, and the log fits "+
				"more than one of them", d.Table)
		}
		found, row = layout, other
	}
	if row == nil {
		return nil, failed
	}
	return found, nil
}

// logDecoder reads the parameters of one log in the order of the ABI: each is the next topic or the next place in
// the head of the data. It is the Value of the parameter it stands at.
type logDecoder struct {
	params  []Param
	indexed []int
	topics  []common.Hash
	data    []byte

	next   int // index of the next parameter
	head   int // offset of the next unindexed parameter in data
	budget int // bytes that may still be read

	// The value to be read: at is the offset in data of its head slot, base that of the sequence whose offsets it
	// follows. A topic is read from word.
	t      *Type
	word   []byte
	at     int
	base   int
	name   string
	hadNUL bool
	err    error
}

// readsOfByte bounds how often a byte of the data is read, on average. A compiler's encoding needs one time. Without
// a bound, offsets that all point to one place make a few kilobytes stand for gigabytes.
const readsOfByte = 16

var (
	errShort  = errors.New("the data ends before it")
	errOffset = errors.New("its offset or length points beyond the data")
	errFolded = errors.New("its offsets point to the same data again and again")
)

func (d *logDecoder) Param(string) Value {
	if d.next >= len(d.params) {
		d.name = strconv.Itoa(d.next)
		d.fail(errors.New("the event has no such parameter"))
		return d
	}
	p := d.params[d.next]
	d.t, d.name = p.Type, p.Name
	if d.name == "" {
		d.name = "parameter " + strconv.Itoa(d.next+1)
	}
	if d.isIndexed(d.next) {
		d.word, d.topics = d.topics[0][:], d.topics[1:]
	} else {
		d.word, d.at, d.base = nil, d.head, 0
		d.head += p.Type.headSize()
	}
	d.next++
	return d
}

func (d *logDecoder) Uncarried(string) Value { return d.Param("") }

func (d *logDecoder) isIndexed(param int) bool {
	for _, i := range d.indexed {
		if i == param {
			return true
		}
	}
	return false
}

func (d *logDecoder) fail(err error) {
	if d.err == nil {
		d.err = fmt.Errorf("field %s: %w", d.name, err)
	}
}

var zeroWord [wordSize]byte

// slot returns the 32 bytes at the value's place: its head, or its topic.
func (d *logDecoder) slot() []byte {
	switch {
	case d.err != nil:
		return zeroWord[:]
	case d.word != nil:
		return d.word
	case d.at < 0 || d.at > len(d.data)-wordSize:
		d.fail(errShort)
		return zeroWord[:]
	}
	d.spend(wordSize)
	return d.data[d.at : d.at+wordSize]
}

// spend counts bytes that are read.
func (d *logDecoder) spend(n int) {
	if d.budget -= n; d.budget < 0 {
		d.fail(errFolded)
	}
}

// length reads the slot as an offset or a count, neither of which can exceed the size of the data.
func (d *logDecoder) length() int {
	n := new(uint256.Int).SetBytes32(d.slot())
	if !n.IsUint64() || n.Uint64() > uint64(len(d.data)) {
		d.fail(errOffset)
		return 0
	}
	return int(n.Uint64())
}

func (d *logDecoder) Bool() bool { return [wordSize]byte(d.slot()) != zeroWord }

func (d *logDecoder) Uint256(width int) uint256.Int {
	v := new(uint256.Int).SetBytes32(d.slot())
	if v.BitLen() > width {
		d.fail(fmt.Errorf("%s is out of range for uint%d", v.Dec(), width))
		return uint256.Int{}
	}
	return *v
}

func (d *logDecoder) Uint(width int) uint64 {
	v := d.Uint256(width)
	return v.Uint64()
}

func (d *logDecoder) Integer(width int) Integer {
	v := new(uint256.Int).SetBytes32(d.slot())
	n := Integer{Abs: *v}
	if v.Sign() < 0 { // two's complement
		n = Integer{Abs: *v.Neg(v), Neg: true}
	}
	if !n.Fits(width) {
		d.fail(fmt.Errorf("%s is out of range for int%d", n, width))
		return Integer{}
	}
	return n
}

func (d *logDecoder) Int(width int) int64 {
	n := d.Integer(width)
	if n.Neg {
		return -int64(n.Abs.Uint64())
	}
	return int64(n.Abs.Uint64())
}

// Address takes the low 20 bytes whatever the others are, as the EVM does.
func (d *logDecoder) Address() common.Address { return common.Address(d.slot()[12:]) }

func (d *logDecoder) Hash() common.Hash { return common.Hash(d.slot()) }

func (d *logDecoder) TopicHash() common.Hash { return d.Hash() }

func (d *logDecoder) FixedBytes(n int) []byte { return append([]byte(nil), d.slot()[:n]...) }

func (d *logDecoder) Bytes() []byte {
	if d.word != nil {
		return append([]byte{}, d.word...)
	}
	d.follow()
	n := d.length()
	start := d.at + wordSize
	if d.err != nil || n > len(d.data)-start {
		d.fail(errOffset)
		return nil
	}
	d.spend(n)
	return append([]byte{}, d.data[start:start+n]...)
}

func (d *logDecoder) String() string {
	clean, hadNUL := CleanText(string(d.Bytes()))
	d.hadNUL = d.hadNUL || hadNUL
	return clean
}

func (d *logDecoder) BytesList(n int) [][]byte { return List(d, n, Value.Bytes) }

// follow moves to where the head's offset points.
func (d *logDecoder) follow() {
	offset := d.length()
	d.at = d.base + offset
	if d.err == nil && d.at > len(d.data)-wordSize {
		d.fail(errOffset)
	}
}

func (d *logDecoder) Each(n int, read func(Value)) {
	t := d.t
	if t.dynamic() {
		d.follow()
	}
	if n == Dynamic {
		n = d.length()
		d.at += wordSize
	}
	start, size := d.at, t.Elem.headSize()
	// A count that the data cannot hold must not make us loop. Elements of no size, which no compiler emits, are
	// counted as if they had one.
	if size == 0 {
		d.spend(min(n, len(d.data)) * wordSize)
	} else if d.err == nil {
		if high, low := bits.Mul(uint(n), uint(size)); high != 0 || low > uint(len(d.data)-start) {
			d.fail(errOffset)
		}
	}
	for i := 0; i < n && d.err == nil; i++ {
		d.t, d.at, d.base = t.Elem, start+i*size, start
		read(d)
	}
	d.t = t
}

func (d *logDecoder) JSON(t *Type) JSON {
	d.t = t
	text := d.appendJSON(nil)
	if d.err != nil {
		return nil
	}
	return text
}

func (d *logDecoder) appendJSON(j JSON) JSON {
	switch t := d.t; t.Kind {
	case KindBool:
		return j.AppendBool(d.Bool())
	case KindUint:
		return j.AppendUint(d.Uint256(t.Size))
	case KindInt:
		return j.AppendInteger(d.Integer(t.Size))
	case KindAddress:
		address := d.Address()
		return j.AppendHex(address[:])
	case KindFixedBytes, KindFunction:
		return j.AppendHex(d.slot()[:t.Size])
	case KindBytes:
		return j.AppendHex(d.Bytes())
	case KindString:
		return j.AppendString(d.String())
	case KindArray:
		return d.appendArray(j)
	default:
		return d.appendTuple(j)
	}
}

func (d *logDecoder) appendArray(j JSON) JSON {
	j = append(j, '[')
	first := true
	d.Each(d.t.Size, func(Value) {
		if !first {
			j = append(j, ',')
		}
		first = false
		j = d.appendJSON(j)
	})
	return append(j, ']')
}

func (d *logDecoder) appendTuple(j JSON) JSON {
	t := d.t
	if t.dynamic() {
		d.follow()
	}
	start, offset := d.at, 0
	j = append(j, '{')
	for i, f := range t.Fields {
		if d.err != nil {
			break
		}
		if i > 0 {
			j = append(j, ',')
		}
		j = append(j.AppendString(t.Key(i)), ':')
		d.t, d.at, d.base = f.Type, start+offset, start
		j = d.appendJSON(j)
		offset += f.Type.headSize()
	}
	d.t = t
	return append(j, '}')
}
