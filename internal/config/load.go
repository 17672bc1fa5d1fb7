package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
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
	notes := env.dropInjected()
	file, err := readDotenv(dotenv)
	problems := []error{err}
	problems = append(problems, misspelled(env)...)
	problems = append(problems, unknown(file)...)
	problems = append(problems, premature(env, file)...)

	var c Config
	sources := []source{flagSource(flags), env, file}
	for _, s := range settings {
		problems = append(problems, s.load(&c, sources))
	}
	if err := errors.Join(problems...); err != nil {
		return Config{}, nil, err
	}
	c.complete()
	return c, append(notes, c.notes()...), nil
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
			return s.take(c, value)
		}
	}
	if s.Required {
		return fmt.Errorf("%s is required: want %s", s.Name, s.allowed)
	}
	return nil
}

// given is the text of a setting, and where it stands.
type given struct{ text, place string }

func (s Setting) take(c *Config, value given) error {
	err := s.parse(c, strings.TrimSpace(value.text))
	if err == nil {
		return nil
	}
	shown := fmt.Sprintf("%s=%q", s.Name, value.text)
	// A connection string may have come into the wrong place.
	if s.Secret || strings.Contains(value.text, "://") || strings.Contains(value.text, "@") {
		shown = s.Name + " (value not shown)"
	}
	if errors.Is(err, errLater) {
		return fmt.Errorf("%s in %s is %w: want %s", shown, value.place, err, s.allowed)
	}
	return fmt.Errorf("%s in %s: want %s", shown, value.place, s.allowed)
}

func (f source) lookup(s Setting) (value given, found bool, err error) {
	text, found := f.get(s.Name)
	path, named := f.get(s.Name + fileSuffix)
	switch {
	case !s.Secret || !named:
		return given{text, f.name}, found, nil
	case found:
		return given{}, false, fmt.Errorf("%[1]s and %[1]s%[2]s are both set in %[3]s: want only one of them", s.Name, fileSuffix, f.name)
	}
	if text, err = readSecret(path); err != nil {
		return given{}, false, fmt.Errorf("%s%s%s in %s: %w: want the path of a file that holds %[1]s",
			s.Name, fileSuffix, shownPath(path), f.name, err)
	}
	return given{text, fmt.Sprintf("file %q", path)}, true, nil
}

// readSecret returns what the file holds but for blanks around it. Its errors leave out the path.
func readSecret(path string) (string, error) {
	text, err := os.ReadFile(path)
	if wrapped, ok := errors.AsType[*fs.PathError](err); ok {
		return "", wrapped.Err
	}
	secret := strings.TrimSpace(string(text))
	if err == nil && secret == "" {
		err = errors.New("the file is empty")
	}
	return secret, err
}

// shownPath hides a connection string that stands where the name of its file should.
func shownPath(path string) string {
	if strings.ContainsAny(path, "@=") || strings.Contains(path, "://") {
		return " (value not shown)"
	}
	return fmt.Sprintf("=%q", path)
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

// premature complains about names that promise what this version does not do.
func premature(sources ...source) (problems []error) {
	for _, from := range sources {
		for _, name := range later {
			if _, set := from.get(name); set {
				problems = append(problems, fmt.Errorf("%s in %s is %w: want it unset", name, from.name, errLater))
			}
		}
	}
	return problems
}
