package config

import (
	"log/slog"
	"slices"
	"strings"
	"time"
)

// Setting is one line of the table of settings.
type Setting struct {
	// Name is that of the environment variable.
	Name string
	// Default is the value if nothing is set, as one would write it. It is empty where there is none, or where Derived
	// says how it comes about.
	Default string
	// Derived says in words where a default that is no constant comes from.
	Derived string
	// Description is one sentence without a full stop.
	Description string
	// Secret values are never shown, and can be read from the file that <Name>_FILE names.
	Secret bool
	// Required settings have no default.
	Required bool

	kind
}

// Flag returns the name of the setting's flag, without the dashes.
func (s Setting) Flag() string {
	return strings.ReplaceAll(strings.ToLower(s.Name), "_", "-")
}

// Allowed says in words which values are taken.
func (s Setting) Allowed() string {
	return s.allowed
}

// Settings returns the table of all settings in the order in which they should be listed.
func Settings() []Setting {
	return slices.Clone(settings)
}

const hour = int(time.Hour / time.Millisecond)

var settings = []Setting{
	{
		Name: "REDIS_URL", Default: "redis://127.0.0.1:6379", Secret: true,
		Description: "Redis server, as redis://, rediss:// or unix://; cluster and Sentinels are not available in this version",
		kind:        secret(func(c *Config) *Secret { return &c.RedisURL }, redisURL),
	}, {
		Name: "REDIS_STREAMS", Default: "rindexer_producer",
		Description: "streams to read, separated by commas",
		kind:        list(func(c *Config) *[]string { return &c.RedisStreams }),
	}, {
		Name: "CONSUMER_GROUP", Default: "postgres-sync",
		Description: "consumer group, the same for all instances that fill the same tables",
		kind:        word(func(c *Config) *string { return &c.ConsumerGroup }),
	}, {
		Name: "CONSUMER_NAME", Derived: "host name and a free slot",
		Description: "name of this instance in the group, different for each and the same after a restart",
		kind:        word(func(c *Config) *string { return &c.ConsumerName }),
	}, {
		Name: "DATABASE_URL", Secret: true, Required: true,
		Description: "PostgreSQL database",
		kind:        secret(func(c *Config) *Secret { return &c.DatabaseURL }, databaseURL),
	}, {
		Name: "AUTO_MIGRATE", Default: "on",
		Description: "apply additive changes of the schema at start: on or off",
		kind:        onOff(func(c *Config) *bool { return &c.AutoMigrate }),
	}, {
		Name: "BATCH_SIZE", Default: "4000",
		Description: "most messages in one transaction, and no more than 4 MB of them unless it is one",
		kind:        number(func(c *Config) *int { return &c.BatchSize }, 1, 10_000),
	}, {
		Name: "BATCH_TIMEOUT_MS", Default: "5000",
		Description: "longest time that a partial batch may wait, in milliseconds; none waits while the writer is free",
		kind:        millis(func(c *Config) *time.Duration { return &c.BatchTimeout }, 1, hour),
	}, {
		Name: "WORKERS", Default: "2",
		Description: "read-decode-write-ack loops for each stream",
		kind:        number(func(c *Config) *int { return &c.Workers }, 1, 128),
	}, {
		Name: "PROCESSING_TIMEOUT_MS", Default: "30000",
		Description: "deadline of one batch's transaction, in milliseconds",
		kind:        millis(func(c *Config) *time.Duration { return &c.ProcessingTimeout }, 1, hour),
	}, {
		Name: "MAX_RETRIES", Default: "3",
		Description: "attempts of a batch before they count as one failure of the circuit breaker and its connections are " +
			"replaced; a refusal of unknown kind then counts as an event's own fault",
		kind: number(func(c *Config) *int { return &c.MaxRetries }, 1, 1000),
	}, {
		Name: "CIRCUIT_BREAKER_THRESHOLD", Default: "5",
		Description: "failures in a row, each of MAX_RETRIES attempts, before the circuit breaker opens",
		kind:        number(func(c *Config) *int { return &c.CircuitBreakerThreshold }, 1, 1000),
	}, {
		Name: "CIRCUIT_BREAKER_TIMEOUT_MS", Default: "60000",
		Description: "longest time without a real attempt while the circuit breaker is open, in milliseconds",
		kind:        millis(func(c *Config) *time.Duration { return &c.CircuitBreakerTimeout }, 1, hour),
	}, {
		Name: "MAX_PAYLOAD_BYTES", Default: "64MiB",
		Description: "largest message that is decoded; a larger one becomes a dead letter",
		kind:        size(func(c *Config) *int64 { return &c.MaxPayloadBytes }, 1, 512<<20),
	}, {
		Name: "CLAIM_INTERVAL_MS", Default: "5000",
		Description: "time between two looks for messages that others left unacknowledged, in milliseconds",
		kind:        millis(func(c *Config) *time.Duration { return &c.ClaimInterval }, 1, hour),
	}, {
		Name: "CLAIM_MIN_IDLE_MS", Derived: "3 × PROCESSING_TIMEOUT_MS",
		Description: "time after which another worker takes over an unacknowledged message, in milliseconds",
		kind:        millis(func(c *Config) *time.Duration { return &c.ClaimMinIdle }, 1, 24*hour),
	}, {
		Name: "SHUTDOWN_TIMEOUT_MS", Default: "10000",
		Description: "time that the batch in hand has to end after a signal, in milliseconds",
		kind:        millis(func(c *Config) *time.Duration { return &c.ShutdownTimeout }, 1, hour),
	}, {
		Name: "HTTP_HOST", Default: "0.0.0.0",
		Description: "address to listen on for health and metrics: an IP address or host name",
		kind:        host(func(c *Config) *string { return &c.HTTPHost }),
	}, {
		Name: "HTTP_PORT", Default: "8080",
		Description: "port to listen on for health and metrics; 0 takes any free one, which the log tells",
		kind:        number(func(c *Config) *int { return &c.HTTPPort }, 0, 65535),
	}, {
		Name: "TRIM", Default: "off",
		Description: "remove entries that are decided for good, acknowledged by every group and older than TRIM_RETENTION: on or off",
		kind:        onOff(func(c *Config) *bool { return &c.Trim }),
	}, {
		Name: "TRIM_RETENTION", Default: "24h",
		Description: "age below which trimming spares an entry, and so how old a backup of PostgreSQL may be that is restored " +
			"without loss; no effect while TRIM is off",
		kind: duration(func(c *Config) *time.Duration { return &c.TrimRetention }, time.Minute),
	}, {
		Name: "FINALITY_BLOCKS", Default: "1:20,137:200,42161:24,10:24,8453:24,56:24,100:24,43114:12,*:64",
		Description: "depth at which a block is final: one number, or chain:blocks pairs with * for all other chains",
		kind:        finality(func(c *Config) *Finality { return &c.FinalityBlocks }),
	}, {
		Name: "LOG_LEVEL", Default: "info",
		Description: "least important lines that are logged: debug, info, warn or error",
		kind:        level(func(c *Config) *slog.Level { return &c.LogLevel }),
	}, {
		Name: "LOG_FORMAT", Default: "json",
		Description: "form of the log: json or text",
		kind:        choice(func(c *Config) *string { return &c.LogFormat }, "json", "text"),
	},
}

// later are names of settings whose features do not exist yet. What they promise cannot be kept, so they must not be set.
var later = []string{"RPC_URL", "RPC_URL_FILE"}
