package stream

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// fixture is a stream of its own on some server, with the producer's side of it.
type fixture struct {
	*testing.T
	url    string
	client redis.UniversalClient // never behind a proxy
	stream string
}

func newFixture(t *testing.T) *fixture {
	t.Parallel()
	url, prefix := testenv.Redis(t)
	return &fixture{T: t, url: url, client: connect(t, url), stream: prefix + "s"}
}

// newFixtureOn is for a server that belongs to the test.
func newFixtureOn(t *testing.T, url string) *fixture {
	t.Parallel()
	return &fixture{T: t, url: url, client: connect(t, url), stream: "s"}
}

func (f *fixture) add(payloads ...string) {
	f.Helper()
	for _, p := range payloads {
		do(f.T, f.client, "XADD", f.stream, "*", "payload", p)
	}
}

// options are those of a consumer that never claims.
func (f *fixture) options(name string) Options {
	return Options{
		Client: f.client, Stream: f.stream, Group: "g", Name: name,
		Count: 100, Block: 20 * time.Millisecond, ClaimInterval: time.Hour, ClaimMinIdle: time.Hour,
	}
}

func (f *fixture) consumer(name string, change ...func(*Options)) *Consumer {
	o := f.options(name)
	for _, c := range change {
		c(&o)
	}
	return New(o)
}

func (f *fixture) read(c *Consumer) []event.Message {
	f.Helper()
	msgs, err := c.Read(f.Context())
	if err != nil {
		f.Fatal(err)
	}
	return msgs
}

func (f *fixture) readAcked(c *Consumer) []string {
	f.Helper()
	msgs := f.read(c)
	if err := c.Ack(f.Context(), ids(msgs)); err != nil {
		f.Fatal(err)
	}
	return payloads(msgs)
}

// want reads until as many payloads as wanted came, and compares.
func (f *fixture) want(c *Consumer, want ...string) {
	f.Helper()
	var got []string
	deadline := time.Now().Add(10 * time.Second)
	for len(got) < len(want) && time.Now().Before(deadline) {
		got = append(got, f.readAcked(c)...)
	}
	if !slices.Equal(got, want) {
		f.Fatalf("got %q, want %q", got, want)
	}
}

func (f *fixture) wantNothing(c *Consumer) {
	f.Helper()
	if got := f.readAcked(c); len(got) > 0 {
		f.Fatalf("got %q, want nothing", got)
	}
}

func (f *fixture) wantPending(want int64) {
	f.Helper()
	got, err := Pending(f.Context(), f.client, f.stream, "g")
	if err != nil || got != want {
		f.Fatalf("pending: got %d, %v, want %d", got, err, want)
	}
}

func (f *fixture) wantCount(name string, counter prometheus.Counter, want float64) {
	f.Helper()
	if got := testutil.ToFloat64(counter); got != want {
		f.Errorf("%s: got %v, want %v", name, got, want)
	}
}

// age makes everything that is pending look as if its owner had it for two hours.
func (f *fixture) age(owner string, msgs []event.Message) {
	f.Helper()
	for _, m := range msgs {
		do(f.T, f.client, "XCLAIM", f.stream, "g", owner, 0, m.ID, "IDLE", 2*time.Hour.Milliseconds(), "JUSTID")
	}
}

func ids(msgs []event.Message) (out []string) {
	for _, m := range msgs {
		out = append(out, m.ID)
	}
	return out
}

func payloads(msgs []event.Message) (out []string) {
	for _, m := range msgs {
		out = append(out, m.Payload)
	}
	return out
}

func numbered(prefix string, n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprint(prefix, i))
	}
	return out
}

func few(n int64) func(*Options) {
	return func(o *Options) { o.Count = n }
}

func claiming(o *Options) {
	o.ClaimInterval = time.Nanosecond
}

// untilBlocked returns when the consumer's own server has a blocked reader of the fixture's stream.
func (f *fixture) untilBlocked(c *Consumer) {
	f.Helper()
	testenv.Eventually(f, 10*time.Second, func() error {
		list, err := f.client.ClientList(f.Context()).Result()
		if err != nil {
			return err
		}
		for line := range strings.Lines(list) {
			if strings.Contains(line, " name="+c.o.Name+" ") && strings.Contains(line, " flags=b ") {
				return nil
			}
		}
		return errors.New("no blocked reader")
	})
}

// blocking is a consumer whose client has a name that only it has, so that untilBlocked can find it.
func (f *fixture) blocking(block time.Duration) *Consumer {
	f.Helper()
	name := strings.ReplaceAll(f.stream, ":", "-")
	return f.consumer(name, func(o *Options) {
		o.Block = block
		o.Client = connect(f.T, f.url+"?client_name="+name)
	})
}
