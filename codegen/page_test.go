package codegen

import (
	"os"
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
	files := committed(t).Files
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
