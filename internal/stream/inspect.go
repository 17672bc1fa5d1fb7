package stream

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/event"
)

// State is how far a group is with its stream. Ages are by the server's clock, and from the ids of entries, which are
// that clock's too, unless the producer makes its own.
type State struct {
	// Exists: there is such a key. Where there is none, nothing is there to be read, and all below is zero.
	Exists bool
	// WrongType: the key is no stream. All below is zero, and Lag unknown.
	WrongType   bool
	GroupExists bool

	Length  int64
	FirstID string // empty where no entry is left
	LastID  string // the last id that was given, whether or not its entry is left

	// LastDeliveredID is where the group stands; empty where there is no group.
	LastDeliveredID string
	// Lag counts the entries that were not delivered to the group yet. It is nil where Redis does not know: after
	// XDEL, and before Redis 7 while there is anything to deliver.
	Lag *int64

	// Missing counts the entries that were removed before they were delivered to the group, as far as Redis tells: from
	// version 7 on, and where the group was given either all that is left or nothing of it. It is nil where Redis does
	// not know. What was missing once may be counted on, or forgotten when the group has read on.
	Missing *int64

	// Pending counts the entries that are delivered and not acknowledged.
	Pending          int64
	OldestPendingID  string        // empty if there is none
	OldestPendingAge time.Duration // since it was added
	// UndecidedAge is the age of the oldest entry that is pending or not delivered yet; zero if there is none.
	UndecidedAge time.Duration

	// Members are the consumers of the group, by name.
	Members []Member
}

// Member is a consumer as its group knows it.
type Member struct {
	Name    string
	Pending int64
	// Idle is the time since it asked for entries last; before Redis 7.2, since it was given any.
	Idle time.Duration
}

// Inspect looks at a stream and a group, and changes nothing. It is one exchange with Redis, which carries no payload;
// a second one, of up to three, where the user may not run scripts. A key that is missing or no stream is no error.
func Inspect(ctx context.Context, client redis.UniversalClient, stream, group string) (State, error) {
	i := inspector{client: client, stream: stream, group: group}
	return i.inspect(ctx)
}

// inspector remembers between two looks what the server does not allow.
type inspector struct {
	client  redis.UniversalClient
	stream  string
	group   string
	plainly bool // scripts are forbidden
}

// answers are the replies to one look at a stream.
type answers struct {
	kind    *redis.StatusCmd
	now     *redis.TimeCmd
	length  *redis.IntCmd
	groups  *redis.Cmd
	pending *redis.XPendingCmd
	members *redis.XInfoConsumersCmd
	ids     *redis.Cmd // nil where scripts are forbidden
	// err is that of the first command that has one, and the only one where no connection could be set up.
	err error
}

func (i *inspector) ask(ctx context.Context) answers {
	pipe := i.client.Pipeline()
	a := answers{
		kind:   pipe.Type(ctx, i.stream),
		now:    pipe.Time(ctx),
		length: pipe.XLen(ctx, i.stream),
		// As it is: go-redis does not tell a lag of 0 from a server that is too old to know it.
		groups:  pipe.Do(ctx, "XINFO", "GROUPS", i.stream),
		pending: pipe.XPending(ctx, i.stream, i.group),
		members: pipe.XInfoConsumers(ctx, i.stream, i.group),
	}
	if !i.plainly {
		a.ids = pipe.Eval(ctx, idsScript, []string{i.stream}, i.group)
	}
	_, a.err = pipe.Exec(ctx)
	return a
}

func (i *inspector) inspect(ctx context.Context) (State, error) {
	a := i.ask(ctx)
	kind, err := a.kind.Result()
	switch {
	case err != nil:
		return State{}, i.wrap(err)
	case kind == "":
		return State{}, i.wrap(a.err)
	case kind == "none":
		return State{Lag: new(int64)}, nil
	case kind != "stream":
		return State{Exists: true, WrongType: true}, nil
	}
	state := State{Exists: true}
	reported, err := state.read(a, i.group)
	if err != nil {
		return State{}, i.wrap(err)
	}
	places, err := i.places(ctx, a, state.LastDeliveredID)
	if err != nil {
		return State{}, i.wrap(err)
	}
	state.place(places, reported, serverTime(a.now))
	return state, nil
}

func (i *inspector) wrap(err error) error {
	return fmt.Errorf("stream %s: inspect group %s: %w", i.stream, i.group, err)
}

// read takes what the answers say by themselves, and returns the lag as Redis reports it: a number, or nil.
func (s *State) read(a answers, name string) (reported any, err error) {
	if s.Length, err = a.length.Result(); err != nil {
		return nil, err
	}
	groups, err := a.groups.Slice()
	if err != nil {
		return nil, err
	}
	for _, g := range groups {
		if fields := pairs(g); fields["name"] == name {
			s.GroupExists = true
			s.LastDeliveredID, _ = fields["last-delivered-id"].(string)
			reported = fields["lag"]
		}
	}
	pending, err := a.pending.Result()
	if noGroup(err) {
		s.GroupExists, s.LastDeliveredID = false, "" // it has just been destroyed
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s.Pending, s.OldestPendingID = pending.Count, pending.Lower
	members, err := a.members.Result()
	for _, m := range members {
		s.Members = append(s.Members, Member{Name: m.Name, Pending: m.Pending, Idle: m.Idle})
	}
	return reported, err
}

// pairs reads a map, which is an array of names and values where the connection speaks RESP2.
func pairs(reply any) map[string]any {
	out := map[string]any{}
	switch reply := reply.(type) {
	case map[any]any:
		for name, value := range reply {
			if name, ok := name.(string); ok {
				out[name] = value
			}
		}
	case []any:
		for i := 0; i+1 < len(reply); i += 2 {
			if name, ok := reply[i].(string); ok {
				out[name] = reply[i+1]
			}
		}
	}
	return out
}

// serverTime falls back on our own clock where TIME is forbidden.
func serverTime(now *redis.TimeCmd) time.Time {
	if t, err := now.Result(); err == nil {
		return t
	}
	return time.Now()
}

// place completes a state with where its stream begins and ends, and what is to be delivered next.
func (s *State) place(p places, reported any, now time.Time) {
	s.FirstID, s.LastID, s.Missing = p.first, p.last, p.missing
	s.Lag = s.lag(p.next, reported)
	if p.next != "" {
		s.UndecidedAge = event.EntryIDOf(p.next).Age(now)
	}
	if s.OldestPendingID != "" {
		s.OldestPendingAge = event.EntryIDOf(s.OldestPendingID).Age(now)
		s.UndecidedAge = max(s.UndecidedAge, s.OldestPendingAge)
	}
}

func (s *State) lag(next string, reported any) *int64 {
	if next == "" {
		return new(int64)
	}
	if !s.GroupExists || event.EntryIDOf(s.LastDeliveredID).Before(event.EntryIDOf(s.FirstID)) {
		return &s.Length
	}
	if lag, ok := reported.(int64); ok && lag >= 0 {
		return &lag
	}
	return nil
}
