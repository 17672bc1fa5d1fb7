package rindexer

import (
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// JSON implements event.Value. Both encoders of rindexer are read: the one for arrays of tuples writes integers as
// strings and bytes with 0x, the other as for parameters of their own.
func (it *Item) JSON(t *event.Type) event.JSON {
	if it.err != nil {
		return nil
	}
	c := composite{Item: it}
	text := c.appendValue(nil, t)
	if c.uncarried || it.err != nil {
		return nil
	}
	return text
}

// composite reads tuples and nested arrays.
type composite struct {
	*Item
	inTuples  bool // below an array of tuples, where null may stand for a value
	uncarried bool
}

func (c *composite) appendValue(j event.JSON, t *event.Type) event.JSON {
	if c.err != nil || c.uncarried {
		return j
	}
	switch t.Kind {
	case event.KindBool:
		return j.AppendBool(c.Bool())
	case event.KindUint:
		return j.AppendUint(c.Uint256(t.Size))
	case event.KindInt:
		return j.AppendInteger(c.Integer(t.Size))
	case event.KindAddress:
		address := c.Address()
		return j.AppendHex(address[:])
	case event.KindFixedBytes, event.KindFunction:
		return j.AppendHex(c.FixedBytes(t.Size))
	case event.KindBytes:
		return j.AppendHex(c.Bytes())
	case event.KindString:
		return j.AppendString(c.String())
	case event.KindArray:
		return c.appendArray(j, t)
	default:
		return c.appendTuple(j, t)
	}
}

// enter makes v the value at hand, to be read as t. It returns false where there is nothing to read: null may stand
// for a value that the encoder for arrays of tuples has no form for.
func (c *composite) enter(v span, t *event.Type, nested bool) bool {
	c.v = v
	if v.kind != 'n' {
		return true
	}
	formless := t.Kind == event.KindTuple || t.Kind == event.KindFunction || t.Kind == event.KindArray && nested
	if c.inTuples && formless {
		c.uncarried = true
	} else {
		c.fail("holds null")
	}
	return false
}

func (c *composite) appendArray(j event.JSON, t *event.Type) event.JSON {
	array := c.v
	if array.kind != '[' {
		c.fail("%s is no array", array.excerpt(c.m.payload))
		return j
	}
	if !c.inTuples && t.Elem.Kind == event.KindBytes && c.empty() {
		c.uncarried = true // as for BytesList
		return j
	}
	outer := c.inTuples
	j = append(j, '[')
	count := 0
	s := scanner{text: c.m.payload, pos: array.start}
	s.array(0, func(element span) {
		if count++; c.err != nil || c.uncarried {
			return
		}
		if count > 1 {
			j = append(j, ',')
		}
		if c.enter(element, t.Elem, true) {
			c.inTuples = outer || t.Elem.Kind == event.KindTuple
			j = c.appendValue(j, t.Elem)
		}
	})
	c.inTuples = outer
	if t.Size != event.Dynamic && count != t.Size {
		c.fail("holds an array of %d elements, not %d", count, t.Size)
	}
	c.v = array
	return append(j, ']')
}

func (c *composite) appendTuple(j event.JSON, t *event.Type) event.JSON {
	tuple := c.v
	if tuple.kind != '{' {
		c.fail("%s is no object", tuple.excerpt(c.m.payload))
		return j
	}
	var members []field
	s := scanner{text: c.m.payload, pos: tuple.start}
	s.object(0, func(f field) { members = append(members, f) })
	j = append(j, '{')
	for i, component := range t.Fields {
		if t.Shared(i) {
			c.uncarried = true // the JSON has one key for all components of a name
		}
		if c.err != nil || c.uncarried {
			return j
		}
		if i > 0 {
			j = append(j, ',')
		}
		j = append(j.AppendString(t.Key(i)), ':')
		if c.enter(c.member(members, component.Name), component.Type, false) {
			j = c.appendValue(j, component.Type)
		}
	}
	c.v = tuple
	return append(j, '}')
}

// member returns the last member of that name.
func (c *composite) member(members []field, name string) span {
	for i := len(members) - 1; i >= 0; i-- {
		if members[i].key == name {
			return members[i].value
		}
	}
	c.fail("holds a tuple without %s", excerpt(name))
	return span{}
}
