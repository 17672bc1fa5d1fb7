package preflight

import (
	"net"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Encryption tells whether others can read what goes to the servers, or take their place. What stays on this machine is safe.
// https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION
func Encryption(postgres *pgconn.Config, redisURL string) []Finding {
	return []Finding{encryptedPostgres(postgres), encryptedRedis(redisURL)}
}

const encryption = "encryption"

func encryptedPostgres(c *pgconn.Config) Finding {
	const hint = "set sslmode=verify-full in DATABASE_URL, and sslrootcert if the authority is your own"
	ways := append([]*pgconn.FallbackConfig{{Host: c.Host, TLSConfig: c.TLSConfig}}, c.Fallbacks...)
	unverified := false
	for _, way := range ways {
		switch {
		case local(way.Host):
		case way.TLSConfig == nil:
			return postgresArea.warn(encryption, hint, "the connection to %s may be in plain text, password and all", way.Host)
		case way.TLSConfig.InsecureSkipVerify: // sslmode=verify-ca looks at the authority itself, and at no name
			unverified = true
		}
	}
	if unverified {
		return postgresArea.warn(encryption, hint, "TLS, but the server's name is not verified: another could take its place")
	}
	return postgresArea.ok(encryption, "verified TLS, or this machine")
}

func encryptedRedis(text string) Finding {
	u, err := url.Parse(text)
	if err != nil { // which is a finding elsewhere
		return redisArea.ok(encryption, "REDIS_URL is no URL")
	}
	switch {
	case u.Scheme == "unix" || local(u.Hostname()):
		return redisArea.ok(encryption, "this machine")
	case u.Scheme != "rediss":
		return redisArea.warn(encryption, "write rediss:// where Redis has TLS; rindexer has none, so give it a tunnel, or a network that is trusted",
			"the connection to %s is in plain text, password and all", u.Hostname())
	case u.Query().Get("skip_verify") != "":
		return redisArea.warn(encryption, "leave skip_verify out, and name the authority in SSL_CERT_FILE",
			"TLS, but the server is not verified: another could take its place")
	}
	return redisArea.ok(encryption, "verified TLS")
}

// local reports whether a host is this machine: a socket's directory, or a loopback address.
func local(host string) bool {
	if strings.HasPrefix(host, "/") || host == "localhost" || host == "" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
