// Package config reads the settings of the service from flags, the environment and a .env file, and says everything
// that is wrong with them at once. It opens no connection and knows no other package of ours.
//
// The invariant: each setting is declared once, in the table of settings.go; names, defaults, flags, documentation and
// what is printed at start all come from there. Nothing that this package prints holds a password.
package config

import (
	"cmp"
	"log/slog"
	"time"
)

// Config is what the service was told. A Config that Load returned without an error is complete and within range.
type Config struct {
	// RedisURL is where the streams are.
	RedisURL Secret
	// RedisStreams are the keys to read, at least one and none twice.
	RedisStreams []string
	// ConsumerGroup is shared by all instances that fill the same tables.
	ConsumerGroup string
	// ConsumerName identifies this instance in the group. It is empty where nobody chose one: a name must then be leased,
	// so that two processes on a host never share a pending list.
	ConsumerName string

	// DatabaseURL is a postgres:// URL or a string of keywords and values.
	DatabaseURL Secret
	// AutoMigrate tells whether additive changes of the schema are applied at start.
	AutoMigrate bool

	// BatchSize is the most entries of a stream in one transaction.
	BatchSize int
	// BatchTimeout bounds how long a partial batch may wait.
	BatchTimeout time.Duration
	// Workers is the number of loops for each stream.
	Workers int
	// ProcessingTimeout is the deadline of the transaction of one batch.
	ProcessingTimeout time.Duration
	// MaxRetries is the number of attempts of a batch before they count as one failure of the circuit breaker, its
	// connections are replaced, and a refusal of unknown kind counts as an event's own fault.
	MaxRetries int
	// CircuitBreakerThreshold is the number of failures in a row that open the circuit breaker.
	CircuitBreakerThreshold int
	// CircuitBreakerTimeout bounds the time without a real attempt while the circuit breaker is open.
	CircuitBreakerTimeout time.Duration
	// MaxPayloadBytes bounds a message; a larger one becomes a dead letter.
	MaxPayloadBytes int64

	// ClaimInterval is the time between two looks for entries that others left pending.
	ClaimInterval time.Duration
	// ClaimMinIdle is how long an entry must be pending before another consumer takes it over.
	ClaimMinIdle time.Duration
	// ShutdownTimeout is how long the batch in hand may take to end after a signal.
	ShutdownTimeout time.Duration

	// HTTPHost is an IP address, without brackets, or a host name.
	HTTPHost string
	// HTTPPort is 0 for any free port.
	HTTPPort int

	// Trim removes entries that are decided for good, acknowledged by every group and older than TrimRetention.
	Trim          bool
	TrimRetention time.Duration

	// FinalityBlocks says how deep a block must be to be final.
	FinalityBlocks Finality

	LogLevel slog.Level
	// LogFormat is "json" or "text".
	LogFormat string
}

// Finality returns how many blocks below the head of a chain a block is final.
func (c Config) Finality(chainID int64) int64 {
	return c.FinalityBlocks.of(chainID)
}

// LogValue shows every setting under its name, with passwords hidden.
func (c Config) LogValue() slog.Value {
	attributes := make([]slog.Attr, 0, len(settings))
	for _, s := range settings {
		attributes = append(attributes, slog.String(s.Name, cmp.Or(s.show(&c), s.Derived)))
	}
	return slog.GroupValue(attributes...)
}

// complete fills what depends on other settings.
func (c *Config) complete() {
	if c.ClaimMinIdle == 0 {
		c.ClaimMinIdle = 3 * c.ProcessingTimeout
	}
}

// notes are what is allowed and deserves a word.
func (c *Config) notes() []string {
	if c.ClaimMinIdle >= c.ProcessingTimeout {
		return nil
	}
	return []string{"CLAIM_MIN_IDLE_MS is below PROCESSING_TIMEOUT_MS: should Redis not answer for a moment, a slow batch is " +
		"taken over by another worker and done twice"}
}
