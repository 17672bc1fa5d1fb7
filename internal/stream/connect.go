package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	clientName = "redis-postgres-sync"
	ioTimeout  = 5 * time.Second

	// poolSize is a ceiling and no reservation. Each loop blocks a connection while it waits for entries, and whoever
	// then finds the pool exhausted waits as well.
	poolSize = 1000
)

// errURL stands for what the URL parser has to say, which quotes the URL and with it the password.
var errURL = errors.New("want redis://[user:password@]host:port[/db], rediss:// or unix://; " +
	"hint: percent-encode / ? # @ and : in user and password")

// Connect returns a client for a URL of one of these forms; it does not talk to Redis yet. An error never quotes the
// password.
//
//	redis://user:password@host:6379/0         one server; rediss:// with TLS, unix:///path for a socket
//	redis://host:6379?addr=host2:6379         a cluster; of one known node: redis://host:6379?cluster=true
//	redis://host:26379?master_name=mymaster   a master that Sentinels know; &password= is the master's own
//
// Other query parameters are those of go-redis (read_timeout, skip_verify, ...). Commands are never retried silently: a
// second XREADGROUP after a lost reply would return the entries behind the lost ones.
func Connect(rawURL string) (redis.UniversalClient, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("parse Redis URL: %w", errURL)
	}
	client, err := open(u)
	if err == nil {
		return client, nil
	}
	// An unencoded / or ? ends the password early, and the rest of it shows up as a path or an option.
	if strings.Contains(u.Path+u.RawQuery+u.Fragment, "@") {
		err = errURL
	}
	return nil, fmt.Errorf("parse Redis URL: %w", err)
}

func open(u *url.URL) (redis.UniversalClient, error) {
	query := u.Query()
	switch {
	case query.Has("master_name"):
		return openSentinel(u.String())
	case query.Get("cluster") == "true":
		query.Del("cluster")
		seed := *u
		seed.RawQuery = query.Encode()
		return openCluster(seed.String())
	case query.Has("addr"):
		return openCluster(u.String())
	default:
		return openSingle(u.String())
	}
}

func openSingle(rawURL string) (redis.UniversalClient, error) {
	o, err := redis.ParseURL(rawURL)
	if err != nil {
		return nil, err
	}
	o.MaxRetries = -1
	o.ContextTimeoutEnabled = true
	o.MaintNotificationsConfig = noNotifications()
	limits{&o.ClientName, &o.PoolSize, &o.DialerRetries, &o.DialTimeout, &o.ReadTimeout, &o.WriteTimeout}.fill()
	return redis.NewClient(o), nil
}

func openSentinel(rawURL string) (redis.UniversalClient, error) {
	o, err := redis.ParseFailoverURL(rawURL)
	if err != nil {
		return nil, err
	}
	o.MaxRetries = -1
	o.ContextTimeoutEnabled = true
	limits{&o.ClientName, &o.PoolSize, &o.DialerRetries, &o.DialTimeout, &o.ReadTimeout, &o.WriteTimeout}.fill()
	return redis.NewFailoverClient(o), nil
}

func openCluster(rawURL string) (redis.UniversalClient, error) {
	o, err := redis.ParseClusterURL(rawURL)
	if err != nil {
		return nil, err
	}
	o.MaxRetries = -1
	o.ContextTimeoutEnabled = true
	o.MaintNotificationsConfig = noNotifications()
	limits{&o.ClientName, &o.PoolSize, &o.DialerRetries, &o.DialTimeout, &o.ReadTimeout, &o.WriteTimeout}.fill()
	client := redis.NewClusterClient(o)
	client.AddHook(sendOnce{})
	return client, nil
}

// limits are the options that the three kinds of client have in common.
type limits struct {
	name              *string
	pool, dials       *int
	dial, read, write *time.Duration
}

// fill keeps what the URL says, but no time-out may be switched off: a connection that died silently would never be
// noticed.
func (l limits) fill() {
	if *l.name == "" {
		*l.name = clientName
	}
	if *l.pool == 0 {
		*l.pool = poolSize
	}
	if *l.dials == 0 {
		*l.dials = 1 // the caller's back-off decides when to dial again
	}
	for _, timeout := range []*time.Duration{l.dial, l.read, l.write} {
		if *timeout <= 0 {
			*timeout = ioTimeout
		}
	}
}

// noNotifications turns off a handshake that only managed Redis answers, for a gain that retrying gives as well.
func noNotifications() *maintnotifications.Config {
	return &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
}

// sendOnce keeps a cluster client from repeating the commands that hand out entries. MaxRetries does not: a cluster
// client counts a repetition on a broken connection as a redirect.
type sendOnce struct{}

func (sendOnce) DialHook(next redis.DialHook) redis.DialHook { return next }

func (sendOnce) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (sendOnce) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		switch cmd.Name() {
		case "xreadgroup", "xautoclaim":
			return next(ctx, once{cmd})
		default:
			return next(ctx, cmd)
		}
	}
}

type once struct{ redis.Cmder }

// NoRetry is asked by go-redis before it sends a command again.
func (once) NoRetry() bool { return true }

// LogTo sends what go-redis has to say to log, for the whole process; without it, go-redis writes to stderr in a form of
// its own. It is logged at Debug, because whatever matters is also returned as an error.
func LogTo(log *slog.Logger) {
	redis.SetLogger(libraryLog{log})
}

type libraryLog struct{ log *slog.Logger }

func (l libraryLog) Printf(ctx context.Context, format string, v ...any) {
	l.log.DebugContext(ctx, "go-redis", "message", fmt.Sprintf(format, v...))
}
