package preflight

import (
	"net/url"
	"slices"
	"strings"
)

// connections compares where rindexer writes with where the service reads.
func (m *manifest) connections() []Finding {
	const subject = "connection_uri"
	ours, comparable := endpoint(m.service.RedisURL)
	var found []Finding
	var notCompared bool
	var seen []string
	for _, s := range m.sources {
		text := s.url.text()
		if slices.Contains(seen, text) {
			continue
		}
		seen = append(seen, text)
		theirs, known := endpoint(text)
		switch {
		case strings.HasPrefix(text, "rediss:"):
			found = append(found, rindexerArea.fail(subject, "write redis:// and give rindexer a tunnel, or a Redis without TLS",
				"%s: rediss:// is refused by rindexer, which is built without TLS: it ends at start", s.url.at()))
		case !known || !comparable:
			notCompared = true
		case theirs != ours:
			found = append(found, rindexerArea.warn(subject, "make sure that both names mean the same server and database",
				"%s: rindexer writes to %s, and REDIS_URL names %s", s.url.at(), theirs, ours))
		}
	}
	if notCompared {
		return orOK(found, subject, "not compared with REDIS_URL: one of them is set elsewhere, or names no host")
	}
	return orOK(found, subject, "the server of REDIS_URL, %s", ours)
}

// endpoint returns host:port/database of a URL, and nothing of user and password. It
// returns false where a password may have slipped into another part of the URL.
func endpoint(text string) (where string, ok bool) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "redis" && u.Scheme != "rediss" || u.Hostname() == "" ||
		strings.Contains(u.Path+u.RawQuery+u.Fragment, "@") {
		return "", false
	}
	host, port, database := u.Hostname(), u.Port(), strings.Trim(u.Path, "/")
	if host == "localhost" || host == "::1" {
		host = "127.0.0.1"
	}
	if port == "" {
		port = "6379"
	}
	if database == "" {
		database = "0"
	}
	if query := u.Query(); query.Has("db") {
		database = query.Get("db")
	}
	return host + ":" + port + "/" + database, true
}

// streams compares the keys that rindexer writes with those that the service reads.
func (m *manifest) streams() []Finding {
	var found []Finding
	written := map[string]bool{}
	elsewhere := false
	for _, s := range m.sources {
		for _, r := range s.routes {
			told := written[r.stream]
			written[r.stream] = true
			switch {
			case unknown(r.stream):
				elsewhere = true
			case !told && !slices.Contains(m.service.Streams, r.stream):
				found = append(found, rindexerArea.warn("stream "+r.stream, "add it to REDIS_STREAMS, unless it is for others",
					"%s: %s writes to it, and the service does not read it", r.at, s.name))
			}
		}
	}
	for _, name := range m.service.Streams {
		if !written[name] && !elsewhere {
			found = append(found, rindexerArea.warn("stream "+name,
				"correct REDIS_STREAMS, unless another rindexer writes to it",
				"the service reads it, and nothing in %s writes to it", m.file))
		}
	}
	if elsewhere {
		return orOK(found, "streams", "not compared in full: the name of one is set elsewhere")
	}
	return orOK(found, "streams", "what rindexer writes is what the service reads: %s", list(m.service.Streams))
}

// reads reports whether what goes through a route gets here.
func (m *manifest) reads(r route) bool {
	return unknown(r.stream) || slices.Contains(m.service.Streams, r.stream)
}
