package preflight

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/joho/godotenv"
	"go.yaml.in/yaml/v3"
)

// Two characters of Unicode's private use area stand for the braces of a reference to the environment while YAML is
// parsed: rindexer replaces references in the text, so that they may stand where YAML allows no brace.
const (
	openReference  = "\ue000"
	closeReference = "\ue001"
)

var reference = regexp.MustCompile(`\$\{([^}\n]+)\}`)

// document is a YAML file whose values can name variables of the environment, as ${NAME}.
type document struct {
	file string
	root value
	env  func(name string) (string, bool)
}

func readDocument(path string, env func(string) (string, bool)) (*document, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parseDocument(path, text, env)
}

// parseDocument fails where the text is no YAML mapping; what the mapping holds is nobody's business here.
func parseDocument(path string, text []byte, env func(string) (string, bool)) (*document, error) {
	var root yaml.Node
	marked := reference.ReplaceAllString(string(text), openReference+"$1"+closeReference)
	if err := yaml.Unmarshal([]byte(marked), &root); err != nil {
		return nil, fmt.Errorf("parse %s: %s", path, unmark(err.Error()))
	}
	if len(root.Content) == 0 || resolveAlias(root.Content[0]).Kind != yaml.MappingNode {
		return nil, fmt.Errorf("parse %s: %w", path, errNoMapping)
	}
	d := &document{file: filepath.Base(path)}
	d.root = value{doc: d, node: root.Content[0]}
	d.env = d.environment(filepath.Dir(path), env)
	return d, nil
}

var errNoMapping = errors.New("it is no YAML mapping")

// environment is the one that rindexer sees: its own first, then the file .env of the project, or the one that the
// manifest names.
func (d *document) environment(dir string, env func(string) (string, bool)) func(string) (string, bool) {
	file := ".env"
	if v := d.root.get("environment_path"); v.present() {
		file = v.raw()
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(dir, file)
	}
	variables, _ := godotenv.Read(file) // there need not be one
	return func(name string) (string, bool) {
		if text, ok := env(name); ok {
			return text, true
		}
		text, ok := variables[name]
		return text, ok
	}
}

func unmark(text string) string {
	return strings.NewReplacer(openReference, "${", closeReference, "}").Replace(text)
}

// value is a node of a document; without a node it is absent.
type value struct {
	doc  *document
	node *yaml.Node
}

func resolveAlias(node *yaml.Node) *yaml.Node {
	for node != nil && node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return node
}

func (v value) of(node *yaml.Node) value { return value{v.doc, node} }

// target is the node behind aliases, or an empty one.
func (v value) target() *yaml.Node {
	if node := resolveAlias(v.node); node != nil {
		return node
	}
	return &yaml.Node{}
}

// present is false for null, as an omitted key is.
func (v value) present() bool { return v.target().Kind != 0 && v.target().Tag != "!!null" }

func (v value) isMapping() bool { return v.target().Kind == yaml.MappingNode }

// at is the place of the value, as file:line.
func (v value) at() string {
	if v.node == nil {
		return v.doc.file
	}
	return v.doc.file + ":" + strconv.Itoa(v.node.Line)
}

// get returns the value of a key, absent where v is no mapping or has no such key.
func (v value) get(keys ...string) value {
	for _, key := range keys {
		v = v.key(key)
	}
	return v
}

func (v value) key(key string) value {
	node := v.target()
	if node.Kind != yaml.MappingNode {
		return v.of(nil)
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return v.of(node.Content[i+1])
		}
	}
	return v.of(nil)
}

// pairs calls each with the keys of a mapping and their values, in the order of the file.
func (v value) pairs(each func(key string, v value)) {
	node := v.target()
	if node.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		each(unmark(node.Content[i].Value), v.of(node.Content[i+1]))
	}
}

// list returns the elements of a sequence; a value that is none is a list of itself, as rindexer has it for addresses
// and ABIs.
func (v value) list() []value {
	if !v.present() {
		return nil
	}
	node := v.target()
	if node.Kind != yaml.SequenceNode {
		return []value{v}
	}
	var all []value
	for _, element := range node.Content {
		all = append(all, v.of(element))
	}
	return all
}

// raw is the text as it stands in the file, with references to the environment.
func (v value) raw() string {
	if v.target().Kind != yaml.ScalarNode {
		return ""
	}
	return unmark(v.target().Value)
}

// text is raw with the references filled in that are known here.
func (v value) text() string {
	return reference.ReplaceAllStringFunc(v.raw(), func(whole string) string {
		if known, ok := v.doc.env(whole[len("${") : len(whole)-len("}")]); ok {
			return known
		}
		return whole
	})
}

// unknown reports whether a text still refers to a variable that is not known here.
func unknown(text string) bool { return reference.MatchString(text) }

// truth reads a boolean.
func (v value) truth() (is, known bool) {
	is, err := strconv.ParseBool(strings.ToLower(v.text()))
	return is, err == nil
}

// number reads a whole number, which rindexer also takes in quotes.
func (v value) number() (uint64, bool) {
	n, err := strconv.ParseUint(v.text(), 10, 64)
	return n, err == nil
}

// texts are the texts of a list.
func (v value) texts() []string {
	var all []string
	for _, element := range v.list() {
		all = append(all, element.text())
	}
	return all
}
