package main

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/launch"
)

func (d *demo) startService(binary string) (*launch.Service, error) {
	return launch.RunService(binary,
		"DATABASE_URL="+d.databaseURL,
		"REDIS_URL="+d.redisURL,
		"REDIS_STREAMS="+d.prefix+"rindexer_producer",
		"CONSUMER_GROUP="+d.prefix+"postgres-sync",
		"CONSUMER_NAME=demo",
		"HTTP_HOST=127.0.0.1", // on a free port: the demo may run beside a service
		"HTTP_PORT=0",
		"LOG_FORMAT=text",
	)
}

// withSearchPath returns the connection string with another search_path.
func withSearchPath(connection, schema string) (string, error) {
	if !strings.Contains(connection, "://") {
		return connection + " search_path=" + schema, nil
	}
	u, err := url.Parse(connection)
	if err != nil {
		return "", fmt.Errorf("parse DATABASE_URL: not a URL")
	}
	query := u.Query()
	query.Set("search_path", schema)
	u.RawQuery = query.Encode()
	return u.String(), nil
}
