package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// kind is how a setting's text becomes a field and back. A parser's error is nil, errValue or errLater: the one who
// knows the name of the setting says what is allowed.
type kind struct {
	parse   func(*Config, string) error
	show    func(*Config) string
	allowed string
	// hint is what flags show as the type of their value.
	hint string
}

var (
	errValue = errors.New("value not allowed")
	// errLater is for what will be allowed, and must not be taken silently until then.
	errLater = errors.New("not available in this version")
)

func number(field func(*Config) *int, low, high int) kind {
	return kind{
		hint:    "int",
		allowed: fmt.Sprintf("a whole number from %d to %d", low, high),
		parse: func(c *Config, s string) error {
			n, err := strconv.Atoi(s)
			if err != nil || n < low || n > high {
				return errValue
			}
			*field(c) = n
			return nil
		},
		show: func(c *Config) string { return strconv.Itoa(*field(c)) },
	}
}

func millis(field func(*Config) *time.Duration, low, high int) kind {
	return kind{
		hint:    "ms",
		allowed: fmt.Sprintf("a whole number of milliseconds from %d to %d", low, high),
		parse: func(c *Config, s string) error {
			n, err := strconv.Atoi(s)
			if err != nil || n < low || n > high {
				return errValue
			}
			*field(c) = time.Duration(n) * time.Millisecond
			return nil
		},
		show: func(c *Config) string { return strconv.FormatInt(field(c).Milliseconds(), 10) },
	}
}

// units are binary only: whether 64MB is 64,000,000 bytes or 67,108,864 is not for us to guess.
var units = map[string]int64{"": 1, "B": 1, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30}

func size(field func(*Config) *int64, low, high int64) kind {
	return kind{
		hint:    "bytes",
		allowed: fmt.Sprintf("a number of bytes from %d to %d, also with KiB, MiB or GiB", low, high),
		parse: func(c *Config, s string) error {
			digits := strings.TrimRightFunc(s, func(r rune) bool { return !unicode.IsDigit(r) })
			unit, known := units[strings.ToUpper(strings.TrimSpace(s[len(digits):]))]
			n, err := strconv.ParseInt(digits, 10, 64)
			if err != nil || !known || n > high/unit || n*unit < low {
				return errValue
			}
			*field(c) = n * unit
			return nil
		},
		show: func(c *Config) string { return strconv.FormatInt(*field(c), 10) },
	}
}

// word is a name that Redis would take in any form; blanks in it are a slip.
func word(field func(*Config) *string) kind {
	return kind{
		hint:    "name",
		allowed: "a name without blanks",
		parse: func(c *Config, s string) error {
			if !isWord(s) {
				return errValue
			}
			*field(c) = s
			return nil
		},
		show: func(c *Config) string { return *field(c) },
	}
}

func isWord(s string) bool {
	// A URL here is one that belongs elsewhere, and may hold a password.
	return s != "" && !strings.Contains(s, "://") && !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
}

func list(field func(*Config) *[]string) kind {
	return kind{
		hint:    "names",
		allowed: "names without blanks, separated by commas, none of them twice",
		parse: func(c *Config, s string) error {
			var names []string
			for name := range strings.SplitSeq(s, ",") {
				name = strings.TrimSpace(name)
				if !isWord(name) || slices.Contains(names, name) {
					return errValue
				}
				names = append(names, name)
			}
			*field(c) = names
			return nil
		},
		show: func(c *Config) string { return strings.Join(*field(c), ",") },
	}
}

func choice(field func(*Config) *string, values ...string) kind {
	return oneOf(values, func(c *Config, i int) { *field(c) = values[i] }, func(c *Config) string { return *field(c) })
}

func onOff(field func(*Config) *bool) kind {
	values := []string{"on", "off"}
	return oneOf(values, func(c *Config, i int) { *field(c) = i == 0 }, func(c *Config) string {
		if *field(c) {
			return values[0]
		}
		return values[1]
	})
}

func level(field func(*Config) *slog.Level) kind {
	levels := []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError}
	return oneOf([]string{"debug", "info", "warn", "error"},
		func(c *Config, i int) { *field(c) = levels[i] },
		func(c *Config) string { return strings.ToLower(field(c).String()) })
}

// oneOf is a closed set of words in any case; set gets the index of the word.
func oneOf(values []string, set func(c *Config, i int), show func(*Config) string) kind {
	last := len(values) - 1
	return kind{
		hint:    strings.Join(values, "|"),
		allowed: strings.Join(values[:last], ", ") + " or " + values[last],
		show:    show,
		parse: func(c *Config, s string) error {
			i := slices.Index(values, strings.ToLower(s))
			if i < 0 {
				return errValue
			}
			set(c, i)
			return nil
		},
	}
}

// label is a part of a host name. Underscores are in no standard, and in many networks.
// https://www.rfc-editor.org/rfc/rfc1123#page-13
const label = `[0-9A-Za-z_]([0-9A-Za-z_-]{0,61}[0-9A-Za-z_])?`

// hostName matches names only: where the last label has no letter it is a mistyped address.
var hostName = regexp.MustCompile(`^(` + label + `\.)*` + label + `$`)

func host(field func(*Config) *string) kind {
	return kind{
		hint:    "host",
		allowed: "an IP address, without brackets and port, or a host name",
		parse: func(c *Config, s string) error {
			if !isHost(s) {
				return errValue
			}
			*field(c) = s
			return nil
		},
		show: func(c *Config) string { return *field(c) },
	}
}

func isHost(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	last := s[strings.LastIndexByte(s, '.')+1:]
	return len(s) <= 253 && hostName.MatchString(s) && strings.Trim(last, "0123456789") != ""
}

// duration takes a time as Go writes it.
func duration(field func(*Config) *time.Duration, low time.Duration) kind {
	return kind{
		hint:    "duration",
		allowed: fmt.Sprintf("a duration of at least %s, such as 90m or 24h", short(low)),
		parse: func(c *Config, s string) error {
			d, err := time.ParseDuration(s)
			if err != nil || d < low {
				return errValue
			}
			*field(c) = d
			return nil
		},
		show: func(c *Config) string { return short(*field(c)) },
	}
}

// short leaves out the zeros of 24h0m0s.
func short(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
