package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/launch"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/stream"
	"github.com/redis-postgres-sync/redis-postgres-sync/internal/testenv"
)

// authority is one that signs certificates of servers.
type authority struct {
	key   *ecdsa.PrivateKey
	cert  *x509.Certificate
	file  string    // its certificate
	until time.Time // when what it signs expires
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{file: filepath.Join(t.TempDir(), "ca.pem"), until: time.Now().Add(time.Hour)}
	var der []byte
	a.key, der = sign(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "tests"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotAfter: a.until,
	}, nil)
	a.cert, _ = x509.ParseCertificate(der)
	if err := os.WriteFile(a.file, block("CERTIFICATE", der), 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

// issue makes the certificate of a server and its key, both PEM.
func (a *authority) issue(t *testing.T, hosts ...string) (cert, key []byte) {
	t.Helper()
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "server"}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, NotAfter: a.until,
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	private, der := sign(t, template, a)
	text, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return block("CERTIFICATE", der), block("EC PRIVATE KEY", text)
}

func sign(t *testing.T, template *x509.Certificate, by *authority) (*ecdsa.PrivateKey, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore = time.Now().Add(-time.Hour)
	parent, signer := template, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	return key, der
}

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// postgresWithTLS is a server whose certificate is for the hosts, and its URL.
func postgresWithTLS(t *testing.T, a *authority, hosts ...string) *url.URL {
	t.Helper()
	server := testenv.OwnPostgres(t)
	db := connect(t, server.URL())
	cert, key := a.issue(t, hosts...)
	for _, sql := range []string{
		fmt.Sprintf("COPY (SELECT 1) TO PROGRAM $$cat > /dev/null; printf '%%s' '%s' > server.crt$$", cert),
		fmt.Sprintf("COPY (SELECT 1) TO PROGRAM $$cat > /dev/null; umask 077; printf '%%s' '%s' > server.key$$", key),
		"ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()",
	} {
		if _, err := db.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	u, err := url.Parse(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// redisWithTLS is a server that takes TLS on a port of its own, and its URL.
func redisWithTLS(t *testing.T, a *authority, hosts ...string) (*url.URL, redis.UniversalClient) {
	t.Helper()
	server := testenv.OwnRedis(t)
	client, err := stream.Connect(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	dir := t.TempDir()
	cert, key := a.issue(t, hosts...)
	certFile, keyFile := filepath.Join(dir, "redis.crt"), filepath.Join(dir, "redis.key")
	if os.WriteFile(certFile, cert, 0o600) != nil || os.WriteFile(keyFile, key, 0o600) != nil {
		t.Fatal("certificates cannot be written")
	}
	port, err := launch.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	for _, setting := range [][]any{
		{"tls-cert-file", certFile, "tls-key-file", keyFile, "tls-ca-cert-file", a.file, "tls-auth-clients", "no"},
		{"tls-port", port},
	} {
		if err := client.Do(t.Context(), append([]any{"CONFIG", "SET"}, setting...)...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	u, err := url.Parse(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	u.Scheme, u.Host = "rediss", fmt.Sprintf("127.0.0.1:%d", port)
	return u, client
}

func withQuery(u *url.URL, pairs ...string) string {
	c := *u
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	c.RawQuery = q.Encode()
	return c.String()
}

// TestTLS: both servers' certificates are verified, and what does not verify is refused, without falling back to plain text. What
// does serves users with few rights.
func TestTLS(t *testing.T) {
	t.Parallel()
	ours, theirs := newAuthority(t), newAuthority(t)
	postgres := postgresWithTLS(t, ours, "127.0.0.1")
	server, client := redisWithTLS(t, ours, "127.0.0.1")
	elsewhere := postgresWithTLS(t, ours, "elsewhere.example")
	redisElsewhere, _ := redisWithTLS(t, ours, "elsewhere.example")
	past := *ours
	past.until = time.Now().Add(-time.Minute)
	expired := postgresWithTLS(t, &past, "127.0.0.1")
	redisExpired, _ := redisWithTLS(t, &past, "127.0.0.1")
	plain, err := url.Parse(testenv.OwnPostgres(t).URL())
	if err != nil {
		t.Fatal(err)
	}
	plainRedis, err := url.Parse(testenv.OwnRedis(t).URL())
	if err != nil {
		t.Fatal(err)
	}
	plainRedis.Scheme = "rediss"
	verified := withQuery(postgres, "sslmode", "verify-full", "sslrootcert", ours.file)
	trusting := "SSL_CERT_FILE=" + ours.file

	t.Run("verified", func(t *testing.T) {
		t.Parallel()
		change(t, verified, "CREATE ROLE service LOGIN PASSWORD 'secret'", "CREATE DATABASE events OWNER service")
		rules := []any{"ACL", "SETUSER", "service", "on", ">secret", "~stream", "~postgres-sync:consumer:*", "+@all", "-@dangerous", "+info"}
		if err := client.Do(t.Context(), rules...).Err(); err != nil {
			t.Fatal(err)
		}
		database, streams := *postgres, *server
		database.Path = "/events"
		db := connect(t, withQuery(&database, "sslmode", "verify-full", "sslrootcert", ours.file))
		database.User, streams.User = url.UserPassword("service", "secret"), url.UserPassword("service", "secret")
		load := startProducer(t, client, "stream")
		p := startService(t, "DATABASE_URL="+withQuery(&database, "sslmode", "verify-full", "sslrootcert", ours.file),
			"REDIS_URL="+streams.String(), "REDIS_STREAMS=stream", trusting)
		p.awaitStatus(t, "/readyz", 200)
		awaitRows(t, db, 100)
		total := load.finish()
		awaitRows(t, db, total)
		compareLedger(t, db, total)
		const encrypted = `SELECT count(*), count(*) FILTER (WHERE NOT ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
			WHERE usename = 'service'`
		var all, open int
		if err := db.QueryRow(t.Context(), encrypted).Scan(&all, &open); err != nil || all == 0 || open > 0 {
			t.Errorf("%d connections, %d in plain text, %v", all, open, err)
		}
	})

	refused := func(name, database, redis, want string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, output := command(t, []string{"DATABASE_URL=" + database, "REDIS_URL=" + redis, "REDIS_STREAMS=stream", trusting}, "check")
			expect(t, exitFailed, code, output, want)
			p := startService(t, "DATABASE_URL="+database, "REDIS_URL="+redis, "REDIS_STREAMS=stream", trusting)
			testenv.Eventually(t, patience, func() error { return contains(p.output(), want) })
			p.awaitStatus(t, "/readyz", 503)
		})
	}
	const (
		unknown  = "certificate signed by unknown authority"
		mismatch = "cannot validate certificate for 127.0.0.1"
		tooOld   = "certificate has expired"
	)
	refused("PostgreSQL's authority is another", withQuery(postgres, "sslmode", "verify-full", "sslrootcert", theirs.file), server.String(), unknown)
	refused("PostgreSQL's certificate is for another host", withQuery(elsewhere, "sslmode", "verify-full", "sslrootcert", ours.file), server.String(), mismatch)
	refused("PostgreSQL's certificate has expired", withQuery(expired, "sslmode", "verify-full", "sslrootcert", ours.file), server.String(), tooOld)
	refused("Redis' certificate has expired", verified, redisExpired.String(), tooOld)
	refused("PostgreSQL has no TLS", withQuery(plain, "sslmode", "verify-full", "sslrootcert", ours.file), server.String(), "TLS")
	refused("PostgreSQL has no TLS, and any would do", withQuery(plain, "sslmode", "require"), server.String(), "TLS")
	refused("Redis' certificate is for another host", verified, redisElsewhere.String(), mismatch)
	refused("Redis has no TLS", verified, plainRedis.String(), "context deadline exceeded") // it takes a handshake for half a command
	t.Run("Redis' authority is another", func(t *testing.T) {
		t.Parallel()
		code, output := command(t, []string{"DATABASE_URL=" + verified, "REDIS_URL=" + server.String(), "SSL_CERT_FILE=" + theirs.file}, "check")
		expect(t, exitFailed, code, output, unknown)
	})
}
