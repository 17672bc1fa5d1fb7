package conformance_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/ethereum/go-ethereum/common/hexutil"
)

// release is a release of rindexer, 0.<release>, that changed what is written into streams.
type release int

const (
	release12 release = 12 // the first that writes to Redis: no event_signature_hash
	release13 release = 13
	release16 release = 16 // bytesN in 32 bytes
	release23 release = 23 // integers of 40 to 64 bits, heights and positions as numbers
	release25 release = 25 // chain_id, tuples
	release36 release = 36 // arrays of tuples
	release40 release = 40 // a message a block, integers in fixed arrays again
	release41 release = 41 // 0x before the hash of a string
)

var releases = []release{
	release12, release13, release16, release23, release25, release36, release40, release41,
}

// errPanics is the error of what rindexer panics over, or does not send.
var errPanics = errors.New("rindexer panics")

// encoder writes values as a release of rindexer does, from an ABI without internalType.
type encoder struct {
	release
	// lost: a part of the values that were encoded since did not make it, or an array of bytes is empty, which nobody
	// can tell from one that lost its elements.
	lost bool
}

// item encodes the parameters of an event. Those whose values are lost are listed.
func (r release) item(e declared, values []any) (params map[string]any, lost map[int]bool, err error) {
	params, lost = map[string]any{}, map[int]bool{}
	names := map[string]int{}
	for _, in := range e.Inputs {
		names[in.Name]++
	}
	for i, in := range e.Inputs {
		encoder := encoder{release: r}
		if in.hashed() {
			params[in.Name], err = encoder.hash(in, values[i])
		} else {
			params[in.Name], err = encoder.value(in, values[i])
		}
		if err != nil {
			return nil, nil, err
		}
		lost[i] = encoder.lost || names[in.Name] > 1 || in.Name == metadataKey
	}
	return params, lost, nil
}

func (e *encoder) hash(in input, v any) (any, error) {
	text := v.(map[string]any)["hash"].(string)
	switch {
	case in.Type == "string" && e.release >= release41:
		return text, nil
	case in.isTuple() && len(in.Components) > 1:
		return nil, errPanics
	case in.isTuple():
		return map[string]any{in.Components[0].Name: text[2:]}, nil
	}
	return text[2:], nil
}

// value is rindexer's encoder for parameters, for arrays of what is no tuple, and for the components of a tuple that
// stands alone.
func (e *encoder) value(in input, v any) (any, error) {
	if element, length, isArray := in.element(); isArray {
		return e.array(in, element, length, v.([]any))
	}
	switch {
	case in.isTuple():
		return e.tuple(in, v.([]any))
	case in.Type == "function":
		return nil, errPanics
	case in.Type == "string":
		return replaceInvalid(v.(string)), nil
	case in.isInteger():
		return e.integer(in, v.(string))
	case in.isBytes() && in.Type != "bytes" && e.release >= release16:
		return padded(v.(string))[2:], nil
	case in.isBytes():
		return v.(string)[2:], nil
	}
	return v, nil
}

func (e *encoder) integer(in input, digits string) (any, error) {
	signed := in.Type[0] == 'i'
	switch size := in.size(); {
	case size > 64:
		return digits, nil
	case size > 32 && signed && digits[0] == '-':
		return nil, errPanics
	case size > 32 && !signed && e.release < release23:
		n, _ := new(big.Int).SetString(digits, 10)
		return hexutil.EncodeBig(n), nil
	}
	return json.Number(digits), nil
}

func (e *encoder) array(in, element input, length int, values []any) (any, error) {
	base, _, _ := strings.Cut(in.Type, "[")
	nested := strings.HasSuffix(element.Type, "]")
	switch {
	case base == "tuple" && e.release < release36, base == "tuple" && nested && len(values) > 0:
		return nil, errPanics
	case base == "tuple":
		return e.tuples(in, values)
	case nested && (len(values) > 0 || fixedPanics(element)):
		return nil, errPanics
	case base == "function":
		return nil, errPanics
	case element.Type == "bytes":
		e.lost = true
		return []any{}, nil
	case element.isInteger() && length >= 0 && e.release >= release23 && e.release < release40:
		return nil, errPanics
	}
	list := []any{}
	for _, v := range values {
		encoded, err := e.value(element, v)
		if element.isInteger() && length >= 0 && e.release < release23 {
			encoded, err = v, nil
		}
		if err != nil {
			return nil, err
		}
		list = append(list, encoded)
	}
	return list, nil
}

// fixedPanics reports whether rindexer panics over an empty array of such arrays.
func fixedPanics(element input) bool {
	base, _, _ := strings.Cut(element.Type, "[")
	return strings.Contains(strings.ReplaceAll(element.Type, "[]", ""), "[") &&
		(base == "string" || base == "address" || base == "bool")
}

func (e *encoder) tuple(in input, values []any) (any, error) {
	if e.release < release25 {
		return nil, errPanics
	}
	object := map[string]any{}
	e.membersLost(in)
	for i, c := range in.Components {
		if c.isTuple() {
			return nil, errPanics
		}
		encoded, err := e.value(c, values[i])
		if err != nil {
			return nil, err
		}
		object[c.Name] = encoded
	}
	return object, nil
}

// membersLost notes where names that are the same make one key of several components.
func (e *encoder) membersLost(in input) {
	seen := map[string]bool{}
	for _, c := range in.Components {
		e.lost = e.lost || seen[c.Name]
		seen[c.Name] = true
	}
}

// tuples is rindexer's other encoder, for arrays of tuples and all below them.
func (e *encoder) tuples(in input, values []any) (any, error) {
	element, _, _ := in.element()
	list := []any{}
	for _, v := range values {
		list = append(list, e.within(element, v))
	}
	return list, nil
}

func (e *encoder) within(in input, v any) any {
	if element, _, isArray := in.element(); isArray {
		list := []any{}
		for _, v := range v.([]any) {
			if strings.HasSuffix(element.Type, "]") {
				e.lost = true
				list = append(list, nil)
				continue
			}
			list = append(list, e.within(element, v))
		}
		return list
	}
	switch {
	case in.isTuple():
		object := map[string]any{}
		e.membersLost(in)
		for i, c := range in.Components {
			object[c.Name] = e.within(c, v.([]any)[i])
		}
		return object
	case in.Type == "function":
		e.lost = true
		return nil
	case in.Type == "string":
		return replaceInvalid(v.(string))
	case in.isBytes() && in.Type != "bytes":
		return padded(v.(string))
	}
	return v
}

// padded adds zeros behind, to 32 bytes.
func padded(hexDigits string) string {
	return hexDigits + strings.Repeat("0", 2+64-len(hexDigits))
}

// payload writes the message that a release publishes for one log. It returns the item as well, as it stands in it.
func (r release) payload(rng *rand.Rand, e declared, meta metadata, params map[string]any) (payload, item string) {
	information := map[string]any{
		"network":          meta.Network,
		"address":          strings.ToLower(meta.Address.Hex()),
		"block_hash":       meta.BlockHash.Hex(),
		"block_timestamp":  meta.BlockTimestamp,
		"transaction_hash": meta.TransactionHash.Hex(),
		"log_index":        meta.LogIndex,
		"block_number":     meta.BlockNumber, "transaction_index": meta.TransactionIndex,
	}
	if r < release23 {
		information["block_number"] = hexutil.Uint64(meta.BlockNumber)
		information["transaction_index"] = hexutil.Uint64(meta.TransactionIndex)
	}
	if r >= release25 {
		information["chain_id"] = meta.ChainID
	}
	whole := maps.Clone(params)
	whole[metadataKey] = information
	item = ordered(rng, whole)
	envelope := map[string]any{
		"event_name": e.Name, "event_data": rawText("[" + item + "]"), "network": meta.Network,
		"message_id": fmt.Sprintf("rindexer_stream__-contract-%s-%s-1-1-chunk-0", strings.ToLower(e.Name), meta.Network),
	}
	if r >= release13 {
		envelope["event_signature_hash"] = e.topic0().Hex()
	}
	if r >= release40 {
		envelope["block_number"] = meta.BlockNumber
	}
	return ordered(rng, envelope), item
}

// rawText is JSON that is written as it is.
type rawText string

// ordered writes an object with its keys in one of the orders that builds of rindexer have, or in any.
func ordered(rng *rand.Rand, object map[string]any) string {
	keys := slices.Sorted(maps.Keys(object))
	if rng.IntN(2) == 0 {
		rng.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	}
	var members []string
	for _, key := range keys {
		text, isRaw := object[key].(rawText)
		if !isRaw {
			text = rawText(canonical(object[key]))
		}
		members = append(members, canonical(key)+":"+string(text))
	}
	return "{" + strings.Join(members, ",") + "}"
}
