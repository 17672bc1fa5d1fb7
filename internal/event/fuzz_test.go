package event_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/abitest"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// fuzzShapes are the shapes that FuzzDecodeLog reads data as, beside any that a number stands for.
var fuzzShapes = [][]*event.Type{
	{event.Uint(8), event.Int(24), event.Bool(), event.FixedBytes(4), event.Address()},
	{event.Bytes(), event.String(), event.Uint(256)},
	{event.Array(event.Uint(16), event.Dynamic), event.Array(event.Int(256), 2)},
	{event.Array(event.String(), event.Dynamic), event.Array(event.Bytes(), 2)},
	{event.Array(event.Array(event.Uint(256), event.Dynamic), event.Dynamic)},
	{event.Array(dynamicTuple(), event.Dynamic), staticTuple(), dynamicTuple()},
}

// FuzzDecodeLog: no data makes the decoder panic or return much more than it was given, and what it takes is what
// go-ethereum takes it for, where go-ethereum takes it.
func FuzzDecodeLog(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 1))
	for shape, types := range fuzzShapes {
		args := abitest.Arguments(f, types)
		values := make([]any, len(args))
		for i, a := range args {
			values[i] = abitest.RandomValue(rng, a.Type).Interface()
		}
		data, err := args.Pack(values...)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint64(shape), data)
		f.Add(uint64(shape), data[:len(data)/2])
		broken := slices.Clone(data)
		broken[31] ^= 0xff
		f.Add(uint64(shape), broken)
	}
	f.Fuzz(func(t *testing.T, shape uint64, data []byte) {
		types := fuzzShape(shape)
		got, err := decodeData(types, data)
		size := 0
		for _, text := range got {
			size += len(text)
		}
		// A word becomes at most 78 digits, a byte of text at most an escape of six.
		if most := 16*6*len(data) + 1024; size > most {
			t.Fatalf("%d bytes of data became %d", len(data), size)
		}
		if err != nil {
			return
		}
		values, err := abitest.Arguments(t, types).Unpack(data)
		if err == nil && len(data) > 0 && !slices.Equal(got, oracleTexts(types, values)) {
			t.Fatalf("got %q, want %q", got, oracleTexts(types, values))
		}
	})
}

func fuzzShape(shape uint64) []*event.Type {
	if shape < uint64(len(fuzzShapes)) {
		return fuzzShapes[shape]
	}
	rng := rand.New(rand.NewPCG(shape, 2))
	types := make([]*event.Type, 1+rng.IntN(3))
	for i := range types {
		types[i] = abitest.RandomType(rng, 3)
	}
	return types
}
