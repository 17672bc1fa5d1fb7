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

	// readBuffer lets a page be read in a few dozen system calls. Each connection has one.
	readBuffer = 256 << 10
)

var (
	// errURL stands for what the URL parser has to say, which quotes the URL and with it the password.
	errURL = errors.New("want redis://[user:password@]host:port[/db], rediss:// or unix://; " +
		"hint: percent-encode / ? # @ and : in user and password")
	errSeveral = errors.New("clusters and Sentinels are not available in this version; " +
		"hint: name the one server that holds the streams, as redis://host:port")
)

// Connect returns a client for the one server that a URL names; it does not talk to Redis yet. An error never quotes
// the password.
//
//	redis://user:password@host:6379/0   rediss:// with TLS, unix:///path for a socket
//
// Query parameters are those of go-redis (read_timeout, skip_verify, ...). Commands are never retried silently: a
// second XREADGROUP after a lost reply would return the entries behind the lost ones.
func Connect(rawURL string) (redis.UniversalClient, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("parse Redis URL: %w", errURL)
	}
	if namesSeveral(u) {
		return nil, fmt.Errorf("parse Redis URL: %w", errSeveral)
	}
	o, err := redis.ParseURL(rawURL)
	if err == nil {
		return redis.NewClient(configure(o)), nil
	}
	// An unencoded / or ? ends the password early, and the rest of it shows up as a path or an option.
	if strings.Contains(u.Path+u.RawQuery+u.Fragment, "@") {
		err = errURL
	}
	return nil, fmt.Errorf("parse Redis URL: %w", err)
}

// namesSeveral knows the forms in which clients of all kinds take clusters and Sentinels.
func namesSeveral(u *url.URL) bool {
	for name := range u.Query() {
		switch strings.ToLower(name) {
		case "addr", "cluster", "master_name", "mastername", "sentinel", "sentinels":
			return true
		}
	}
	return strings.Contains(u.Scheme, "sentinel") || strings.Contains(u.Scheme, "cluster") || strings.Contains(u.Host, ",")
}

// configure keeps what the URL says, but nothing may be sent twice, and no time-out may be switched off: a connection
// that died silently would never be noticed.
func configure(o *redis.Options) *redis.Options {
	o.MaxRetries = -1
	o.ContextTimeoutEnabled = true
	// A handshake that only managed Redis answers, for a gain that retrying gives as well.
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	if o.ClientName == "" {
		o.ClientName = clientName
	}
	if o.PoolSize == 0 {
		o.PoolSize = poolSize
	}
	if o.ReadBufferSize == 0 {
		o.ReadBufferSize = readBuffer
	}
	if o.DialerRetries == 0 {
		o.DialerRetries = 1 // the caller's back-off decides when to dial again
	}
	for _, timeout := range []*time.Duration{&o.DialTimeout, &o.ReadTimeout, &o.WriteTimeout} {
		if *timeout <= 0 {
			*timeout = ioTimeout
		}
	}
	return o
}

// replyTimeout is how long a reply may usually take: the URL's read_timeout.
func replyTimeout(client redis.UniversalClient) time.Duration {
	if c, ok := client.(*redis.Client); ok {
		return c.Options().ReadTimeout
	}
	return ioTimeout
}

// separate returns a client of its own for the same server, and what to call when done with it. The end of ctx closes
// it, which nothing but this does to a reply that is on its way.
func separate(ctx context.Context, client redis.UniversalClient) (redis.UniversalClient, func()) {
	shared, ok := client.(*redis.Client)
	if !ok {
		return client, func() {}
	}
	o := *shared.Options()
	o.PoolSize, o.MinIdleConns = 1, 0
	own := redis.NewClient(configure(&o))
	stop := context.AfterFunc(ctx, func() { own.Close() })
	return own, func() {
		stop()
		own.Close()
	}
}

// LogTo sends what go-redis has to say to log, for the whole process; without it, go-redis writes to stderr in a form of
// its own. It is logged at Debug, because whatever matters is also returned as an error.
func LogTo(log *slog.Logger) {
	redis.SetLogger(libraryLog{log})
}

type libraryLog struct{ log *slog.Logger }

func (l libraryLog) Printf(ctx context.Context, format string, v ...any) {
	l.log.DebugContext(ctx, "go-redis", "message", fmt.Sprintf(format, v...))
}
