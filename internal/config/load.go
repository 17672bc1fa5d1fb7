package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/joho/godotenv"
	"github.com/spf13/pflag"
)

// fileSuffix marks the variable that names the file with a secret's value.
const fileSuffix = "_FILE"

// source is one place where settings stand.
type source struct {
	name   string
	values map[string]string
	// exact sources mean an empty value as it stands. Elsewhere it is the usual way to leave a variable out.
	exact bool
}

// get returns a value that was set, whatever it is worth.
func (f source) get(name string) (value string, found bool) {
	value, found = f.values[name]
	return value, found && (f.exact || value != "")
}

// Load reads the settings: a flag goes before environ, environ before the file at dotenv, that before the default. An
// empty variable counts as not set; an empty flag is a value. flags may be nil, and dotenv empty or missing. The values
// of secrets may stand in files that <NAME>_FILE names.
//
// The error holds everything that is wrong, one line each, and no secret. Notes are for the log: they say what has no
// effect or is unwise.
func Load(flags *pflag.FlagSet, environ []string, dotenv string) (Config, []string, error) {
	env := source{name: "environment", values: variables(environ)}
	file, err := readDotenv(dotenv)
	problems := []error{err}
	problems = append(problems, misspelled(env)...)
	problems = append(problems, unknown(file)...)

	var c Config
	sources := []source{flagSource(flags), env, file}
	for _, s := range settings {
		problems = append(problems, s.load(&c, sources))
	}
	if err := c.complete(os.Hostname); err != nil {
		problems = append(problems, fmt.Errorf("CONSUMER_NAME is not set and the host has no name: %w", err))
	}
	if err := errors.Join(problems...); err != nil {
		return Config{}, nil, err
	}
	return c, append(unused(env, file), c.notes()...), nil
}

// load finds the first source that has the setting. The default is parsed first, since a value may build on it.
func (s Setting) load(c *Config, sources []source) error {
	if s.Default != "" {
		if err := s.parse(c, s.Default); err != nil {
			return fmt.Errorf("%s: default %q: %w", s.Name, s.Default, err)
		}
	}
	for _, from := range sources {
		value, found, err := from.lookup(s)
		if err != nil {
			return err
		}
		if found {
			return s.take(c, value, from.name)
		}
	}
	if s.Required {
		return fmt.Errorf("%s is required: want %s", s.Name, s.allowed)
	}
	return nil
}

func (s Setting) take(c *Config, value, from string) error {
	if s.parse(c, strings.TrimSpace(value)) == nil {
		return nil
	}
	shown := fmt.Sprintf("%s=%q", s.Name, value)
	if s.Secret {
		shown = s.Name + " (value not shown)"
	}
	return fmt.Errorf("%s in %s: want %s", shown, from, s.allowed)
}

func (f source) lookup(s Setting) (value string, found bool, err error) {
	value, found = f.get(s.Name)
	path, named := f.get(s.Name + fileSuffix)
	switch {
	case !s.Secret || !named:
		return value, found, nil
	case found:
		return "", false, fmt.Errorf("%[1]s and %[1]s%[2]s are both set in %[3]s: want only one of them", s.Name, fileSuffix, f.name)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", false, fmt.Errorf("%s%s in %s: %w", s.Name, fileSuffix, f.name, err)
	}
	return strings.TrimRight(string(text), "\r\n"), true, nil
}

func flagSource(flags *pflag.FlagSet) source {
	from := source{name: "flags", values: map[string]string{}, exact: true}
	if flags == nil {
		return from
	}
	for _, s := range settings {
		if f := flags.Lookup(s.Flag()); f != nil && f.Changed {
			from.values[s.Name] = f.Value.String()
		}
	}
	return from
}

func variables(environ []string) map[string]string {
	values := map[string]string{}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		values[name] = value
	}
	return values
}

func readDotenv(path string) (source, error) {
	from := source{name: ".env"}
	if path == "" {
		return from, nil
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return from, nil
	}
	if err != nil {
		return from, fmt.Errorf("read .env: %w", err)
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")) // a byte order mark, which some editors write
	if from.values, err = godotenv.UnmarshalBytes(text); err != nil {
		// godotenv's error quotes the rest of the file, passwords included.
		return from, fmt.Errorf(".env: line %d is not NAME=value", badLine(string(text)))
	}
	return from, nil
}

// badLine returns the line behind the longest beginning of the text that can be parsed.
func badLine(text string) int {
	lines := strings.SplitAfter(text, "\n")
	for n := len(lines) - 1; n > 0; n-- {
		if _, err := godotenv.Unmarshal(strings.Join(lines[:n], "")); err == nil {
			return n + 1
		}
	}
	return 1
}

func unused(sources ...source) (notes []string) {
	for _, from := range sources {
		for _, name := range later {
			if _, set := from.get(name); set {
				notes = append(notes, fmt.Sprintf("%s in %s is not used in this version", name, from.name))
			}
		}
	}
	slices.Sort(notes)
	return notes
}
