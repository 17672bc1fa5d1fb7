package event_test

import (
	"math"
	"testing"
	"time"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

func TestParseEntryID(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want event.EntryID
		ok   bool
	}{
		{"1526919030474-55", event.EntryID{MS: 1526919030474, Seq: 55}, true},
		{"0-1", event.EntryID{Seq: 1}, true},
		{"18446744073709551615-18446744073709551615", event.EntryID{MS: math.MaxUint64, Seq: math.MaxUint64}, true},
		{text: ""}, {text: "1"}, {text: "1-"}, {text: "-1"}, {text: "1-2-3"}, {text: "1-x"}, {text: "+1-2"}, {text: "18446744073709551616-0"},
	} {
		id, err := event.ParseEntryID(c.text)
		if (err == nil) != c.ok || id != c.want {
			t.Errorf("%q: got %v, %v", c.text, id, err)
		}
		if c.ok && id.String() != c.text {
			t.Errorf("%q is written as %s", c.text, id)
		}
		if of := event.EntryIDOf(c.text); of != c.want {
			t.Errorf("%q: got %v", c.text, of)
		}
	}
}

func TestEntryID(t *testing.T) {
	t.Parallel()
	const most = "18446744073709551615"
	for text, want := range map[string]string{
		"0-0": "0-1", "5-9": "5-10", "5-" + most: "6-0", most + "-" + most: most + "-" + most,
	} {
		id := event.EntryIDOf(text)
		if next := id.Next(); next.String() != want || next.Before(id) || id.Before(next) != (next != id) {
			t.Errorf("behind %s comes %s, want %s", text, next, want)
		}
	}
	if a, b := event.EntryIDOf("9-10"), event.EntryIDOf("10-9"); !a.Before(b) || b.Before(a) || a.Compare(b) != -1 || a.Compare(a) != 0 {
		t.Error("9-10 does not stand before 10-9")
	}
	now := time.UnixMilli(5000)
	if id := event.EntryIDAt(now); id.String() != "5000-0" || id.Age(now.Add(time.Second)) != time.Second || id.Age(now.Add(-time.Second)) != 0 {
		t.Errorf("at 5 s: %s", id)
	}
	if id := event.EntryIDAt(time.UnixMilli(-5000)); id != (event.EntryID{}) {
		t.Errorf("before 1970: %s", id)
	}
}
