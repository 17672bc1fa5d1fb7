package codegen

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// quoted matches a block of docs/generated-code.md: the file that it quotes, and the text.
var quoted = regexp.MustCompile("(?s)<!-- (\\S+) -->\n```\\w+\n(.*?)\n```\n")

// TestPageShowsWhatIsGenerated holds docs/generated-code.md against the generator.
func TestPageShowsWhatIsGenerated(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/generated-code.md")
	if err != nil {
		t.Fatal(err)
	}
	files := generate(t, load(t, filepath.Join("..", "internal", "conformance", "testdata", "corpus", "abi"), "MultiVault.json"), nil).Files
	blocks := quoted.FindAllStringSubmatch(string(page), -1)
	shown := map[string]int{}
	for _, block := range blocks {
		path, text := block[1], block[2]
		if !strings.Contains(string(files[path]), text+"\n") {
			t.Errorf("%s does not hold this block of the page any more:\n%s", path, text)
		}
		shown[path] += strings.Count(text, "\n") + 1
	}
	for _, path := range []string{
		"gen/events/deposited_events.go", "schema/deposited_events.gen.sql", "queries/deposited_events.gen.sql",
	} {
		lines := strings.Count(string(files[path]), "\n")
		if shown[path] < lines/2 {
			t.Errorf("the page shows %d of %d lines of %s, so it cannot be what its readers need", shown[path], lines, path)
		}
	}
}

var (
	snakeExample  = regexp.MustCompile("(?m)^\\| `([^` ]+)` \\| `([a-z0-9_]+)` \\| .*\\|$")
	columnExample = regexp.MustCompile("(?m)^\\| `([^`]*, [^`]*)` \\| `([^`]+)` \\| .*\\|$")
	tableExample  = regexp.MustCompile("(?m)^[1-4]\\. `(\\w+)`")
	hintsExample  = regexp.MustCompile("(?s)```yaml\n(.*?)```")
)

// TestNamingPage holds the examples of docs/naming.md against the rules.
func TestNamingPage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/naming.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	examples := snakeExample.FindAllStringSubmatch(page, -1)
	for _, example := range examples {
		if got := snake(example[1]); got != example[2] {
			t.Errorf("%s is %s", example[0], got)
		}
	}
	columns := columnExample.FindAllStringSubmatch(page, -1)
	for _, example := range columns {
		var params []param
		for name := range strings.SplitSeq(example[1], ",") {
			params = append(params, param{name: strings.TrimSpace(name)})
		}
		if got := strings.Join(columnNames(params), ", "); got != example[2] {
			t.Errorf("%s is %s", example[0], got)
		}
	}
	tables := tableExample.FindAllStringSubmatch(page, -1)
	transfer := one(t, `{"type":"event","name":"Transfer","inputs":[{"type":"address","name":"from"},
		{"type":"address","name":"to"},{"type":"uint256","name":"tokenId"}]}`)
	names := tableNames(&shape{event: transfer, files: []string{"ERC721"}})
	for i, example := range tables {
		if names[i] != example[1] {
			t.Errorf("%s is %s", example[0], names[i])
		}
	}
	if len(examples) < 10 || len(columns) < 6 || len(tables) != 4 {
		t.Errorf("found %d, %d and %d examples", len(examples), len(columns), len(tables))
	}
	_, err = Generate(Input{Module: module, ABIs: map[string][]byte{"Vault.json": abiOf(
		"Initialized()", "Set(bool a)", "Set(uint8 a)", "Deposited(address indexed sender, address receiver, uint8 vaultType)")},
		Hints: map[string][]byte{"Vault.hints.yaml": []byte(hintsExample.FindStringSubmatch(page)[1])}})
	if err != nil {
		t.Errorf("the example of hints: %v", err)
	}
	for _, limit := range []string{fmt.Sprintf("has %d at the most", maxTable), fmt.Sprintf("a column or an index %d", maxIdentifier)} {
		if !strings.Contains(page, limit) {
			t.Errorf("the page does not say %s", limit)
		}
	}
}
