package config

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const hidden = "***"

// Secret is a connection string. However it is printed, its password is not; Reveal returns what it really is.
type Secret string

// Reveal returns the connection string with its password.
func (s Secret) Reveal() string { return string(s) }

// String returns the connection string without its password.
func (s Secret) String() string { return Redact(string(s)) }

// Format is for package fmt, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// LogValue is for slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is for encoding/json.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Redact returns a connection string, a URL or PostgreSQL's keywords and values, with its passwords replaced. What it
// cannot take apart with certainty it hides as a whole.
func Redact(s string) string {
	switch {
	case s == "":
		return ""
	case strings.Contains(s, "://"):
		return redactURL(s)
	default:
		return redactKeywords(s)
	}
}

func redactURL(s string) string {
	u, err := url.Parse(s)
	// An unencoded / ? or # ends the password early; its rest, up to the @, then looks like a path or a query.
	if err != nil || strings.Contains(u.Path+u.RawQuery+u.Fragment+u.Opaque, "@") {
		return hidden
	}
	user, known := userinfo(u)
	u.User = nil
	u.RawQuery = redactQuery(u.RawQuery)
	scheme, rest, found := strings.Cut(u.String(), "://")
	if !found {
		return hidden
	}
	if known {
		rest = user + "@" + rest
	}
	return scheme + "://" + rest
}

func userinfo(u *url.URL) (text string, known bool) {
	if u.User == nil {
		return "", false
	}
	text = url.User(u.User.Username()).String()
	if _, set := u.User.Password(); set {
		text += ":" + hidden
	}
	return text, true
}

func redactQuery(query string) string {
	parts := strings.Split(query, "&")
	for i, part := range parts {
		name, _, _ := strings.Cut(part, "=")
		if plain, err := url.QueryUnescape(name); err != nil || isSecretName(plain) {
			parts[i] = name + "=" + hidden
		}
	}
	return strings.Join(parts, "&")
}

func isSecretName(name string) bool {
	name = strings.ToLower(name)
	return strings.Contains(name, "pass") || strings.Contains(name, "secret") || strings.Contains(name, "token")
}

// keyword matches name = value with libpq's quoting: 'in quotes' or without blanks, a backslash before any character.
// https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-KEYWORD-VALUE
var keyword = regexp.MustCompile(`^\s*([a-zA-Z_]+)\s*=\s*('(?:[^'\\]|\\.)*'|(?:[^\s'\\]|\\.)*)(?:\s+|$)`)

func redactKeywords(s string) string {
	var out []string
	for strings.TrimSpace(s) != "" {
		m := keyword.FindStringSubmatch(s)
		if m == nil {
			return hidden
		}
		if isSecretName(m[1]) {
			m[2] = hidden
		}
		out = append(out, m[1]+"="+m[2])
		s = s[len(m[0]):]
	}
	return strings.Join(out, " ")
}

// secret is a connection string of a form that check knows.
func secret(field func(*Config) *Secret, form form) kind {
	return kind{
		hint:    "url",
		allowed: form.allowed,
		parse: func(c *Config, s string) error {
			if err := form.judge(s); err != nil {
				return err
			}
			*field(c) = Secret(s)
			return nil
		},
		show: func(c *Config) string { return field(c).String() },
	}
}

// form is what can be said of a connection string without the driver; the rest shows when it connects.
type form struct {
	allowed string
	judge   func(string) error
}

var redisURL = form{
	allowed: "redis://[user:password@]host:port[/db], rediss://... or unix:///path, " +
		"without ?addr, ?cluster and ?master_name (percent-encode / ? # in a password)",
	judge: func(s string) error {
		u, ok := parseURL(s, "redis", "rediss", "unix")
		if !ok {
			return errValue
		}
		query := u.Query()
		if query.Has("addr") || query.Has("cluster") || query.Has("master_name") {
			return errLater
		}
		socket := u.Scheme == "unix" && u.Host == "" && u.Path != ""
		server := u.Scheme != "unix" && isAddress(u) && redisDB.MatchString(u.Path)
		if !socket && !server {
			return errValue
		}
		return nil
	},
}

// redisDB is the path of a URL: the number of a database, or none.
var redisDB = regexp.MustCompile(`^/*[0-9]*/*$`)

var databaseURL = form{
	allowed: "postgres://user:password@host:port/database (percent-encode / ? # in a password), or host=... dbname=...",
	judge: func(s string) error {
		if strings.Contains(s, "://") {
			if _, ok := parseURL(s, "postgres", "postgresql"); ok {
				return nil
			}
			return errValue
		}
		if s == "" || redactKeywords(s) == hidden {
			return errValue
		}
		return nil
	},
}

// isAddress tells whether the URL names one host, or leaves it out before a port, and a port that can exist.
func isAddress(u *url.URL) bool {
	if u.Host == "" || u.Hostname() != "" && !isHost(u.Hostname()) {
		return false
	}
	port, err := strconv.ParseUint(cmp.Or(u.Port(), "6379"), 10, 16)
	return err == nil && port > 0
}

func parseURL(s string, schemes ...string) (*url.URL, bool) {
	u, err := url.Parse(s)
	if err != nil || strings.Contains(u.Path+u.Fragment, "@") {
		return nil, false
	}
	return u, slices.Contains(schemes, u.Scheme)
}
