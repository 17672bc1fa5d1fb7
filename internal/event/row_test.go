package event_test

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// jsonRow reads every parameter with Value.JSON.
type jsonRow struct {
	event.Meta
	types []*event.Type
	texts []string
}

func (r *jsonRow) Decode(d event.Decoder) {
	r.texts = nil
	for i, t := range r.types {
		r.texts = append(r.texts, string(d.Param(fmt.Sprint("p", i)).JSON(t)))
	}
}

// typedRow reads every parameter with the method that generated code would use.
type typedRow struct {
	event.Meta
	types []*event.Type
	texts []string
}

func (r *typedRow) Decode(d event.Decoder) {
	r.texts = nil
	for i, t := range r.types {
		r.texts = append(r.texts, string(typed(nil, t, d.Param(fmt.Sprint("p", i)))))
	}
}

func typed(j event.JSON, t *event.Type, v event.Value) event.JSON {
	switch {
	case t.Kind == event.KindBool:
		return j.AppendBool(v.Bool())
	case t.Kind == event.KindUint && t.Size <= 64:
		return append(j, strconv.Quote(strconv.FormatUint(v.Uint(t.Size), 10))...)
	case t.Kind == event.KindUint:
		return j.AppendUint(v.Uint256(t.Size))
	case t.Kind == event.KindInt && t.Size <= 64:
		return append(j, strconv.Quote(strconv.FormatInt(v.Int(t.Size), 10))...)
	case t.Kind == event.KindInt:
		return j.AppendInteger(v.Integer(t.Size))
	case t.Kind == event.KindAddress:
		return j.AppendHex(v.Address().Bytes())
	case t.Kind == event.KindFixedBytes && t.Size == 32:
		return j.AppendHex(event.HashBytes(v.Hash()))
	case t.Kind == event.KindFixedBytes, t.Kind == event.KindFunction:
		return j.AppendHex(v.FixedBytes(t.Size))
	case t.Kind == event.KindBytes:
		return j.AppendHex(v.Bytes())
	case t.Kind == event.KindString:
		return j.AppendString(v.String())
	case t.Kind == event.KindArray && t.Elem.Kind != event.KindTuple:
		texts := event.List(v, t.Size, func(element event.Value) string { return string(typed(nil, t.Elem, element)) })
		return append(j, "["+strings.Join(texts, ",")+"]"...)
	default:
		return append(j, v.JSON(t)...)
	}
}
