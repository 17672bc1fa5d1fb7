package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const deployed = "0x00000000000000000000000000000000000000aa"

// sourcify is a stand-in for Sourcify's server: it knows one contract, on two chains.
func sourcify(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v2/contract/1/" + deployed, "/v2/contract/8453/" + deployed:
			fmt.Fprintf(w, `{"abi":%s,"compilation":{"name":"Token"},"deployment":{"blockNumber":"77"}}`, transfer)
		default:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, "{}")
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// run runs a command as main does.
func run(t *testing.T, c command, arguments ...string) (stdout string, err error) {
	t.Helper()
	if err := c.flags.Parse(arguments); err != nil {
		t.Fatal(err)
	}
	var out, errOut bytes.Buffer
	err = c.run(t.Context(), c.flags.Args(), &out, &errOut)
	return out.String(), err
}

func TestFetch(t *testing.T) {
	t.Parallel()
	server := sourcify(t)
	root := project(t, map[string]string{"abi/README.md": ""})
	fetch := func(arguments ...string) (string, error) {
		return run(t, fetchCommand(), append([]string{"-root", root, "-sourcify", server}, arguments...)...)
	}
	if _, err := fetch("-network", "ethereum", "-chain-id", "1", strings.ToUpper(deployed[:2])+deployed[2:]); err != nil {
		t.Fatal(err)
	}
	files := tree(t, root)
	today := time.Now().UTC().Format(time.DateOnly)
	const head = "# Where the contract of this ABI is deployed. codegen fetch adds to it, codegen rindexer reads it, and it is yours to edit.\n"
	first := head + fmt.Sprintf(`- network: ethereum
  chain_id: 1
  address: "%[1]s"
  start_block: 77
  source: %[2]s/v2/contract/1/%[1]s
  fetched: "%[3]s"
`, deployed, server, today)
	if got := files["abi/Token.deployments.yaml"]; got != first {
		t.Errorf("the deployment is\n%s\nwant\n%s", got, first)
	}
	if !sameJSON([]byte(files["abi/Token.json"]), []byte(transfer)) {
		t.Errorf("the ABI is\n%s", files["abi/Token.json"])
	}

	out, err := fetch("-network", "ethereum", "-chain-id", "1", deployed)
	if err != nil || strings.Count(out, " is up to date\n") != 2 || !maps.Equal(tree(t, root), files) {
		t.Errorf("the second time: %v\n%s", err, out)
	}
	if _, err := fetch("-network", "base", "-chain-id", "8453", deployed); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, root)["abi/Token.deployments.yaml"]; !strings.HasPrefix(got, first+"- network: base\n  chain_id: 8453\n") {
		t.Errorf("with a second chain the deployments are\n%s", got)
	}
	if err := write(root, new(bytes.Buffer), new(bytes.Buffer)); err != nil {
		t.Errorf("what was fetched does not generate: %v", err)
	}

	put(t, root, map[string]string{"abi/Token.json": paused, "abi/Token.deployments.yaml": "- {net: x}"})
	if _, err := fetch("-network", "ethereum", "-chain-id", "1", "-overwrite", deployed); err == nil || tree(t, root)["abi/Token.json"] != paused {
		t.Errorf("with deployments that cannot be read, the ABI is replaced: %v", err)
	}
	put(t, root, map[string]string{"abi/Token.deployments.yaml": strings.Replace(first, "source: ", "source: old", 1)})
	if _, err := fetch("-network", "ethereum", "-chain-id", "1", deployed); err == nil ||
		!strings.Contains(err.Error(), "stands and has another ABI; hint: -name") || tree(t, root)["abi/Token.json"] != paused {
		t.Errorf("over another ABI: %v", err)
	}
	out, err = fetch("-network", "ethereum", "-chain-id", "1", "-overwrite", deployed)
	if err != nil || tree(t, root)["abi/Token.json"] == paused || !strings.Contains(out, "where its ABI came from before; now it is from "+server) {
		t.Errorf("over another ABI, with -overwrite: %v\n%s", err, out)
	}
	if _, err := fetch("-network", "ethereum", "-chain-id", "1", "-name", "Other", deployed); err != nil ||
		tree(t, root)["abi/Other.json"] == "" {
		t.Errorf("with -name: %v", err)
	}
}

func TestFetchErrors(t *testing.T) {
	t.Parallel()
	server := sourcify(t)
	for _, c := range []struct {
		arguments []string
		wrongUse  bool
		want      string
	}{
		{[]string{"-network", "a", "-chain-id", "1"}, true, "one address is wanted"},
		{[]string{"-network", "a", "-chain-id", "1", deployed, deployed}, true, "one address is wanted"},
		{[]string{"-chain-id", "1", deployed}, true, `network "" is no name`},
		{[]string{"-network", "a", deployed}, true, "chain_id is missing"},
		{[]string{"-network", "a", "-chain-id", "1", "0xaa"}, true, "is not 0x and 40 hex digits"},
		{[]string{"-network", "a", "-chain-id", "1", "-name", "../x", deployed}, true, "is no name for the files"},
		{[]string{"-network", "a", "-chain-id", "2", deployed}, false, "it is not verified there"},
	} {
		root := project(t, map[string]string{"abi/README.md": ""})
		before := tree(t, root)
		_, err := run(t, fetchCommand(), append([]string{"-root", root, "-sourcify", server}, c.arguments...)...)
		_, wrongUse := errors.AsType[errUsage](err)
		if err == nil || !strings.Contains(err.Error(), c.want) || wrongUse != c.wrongUse {
			t.Errorf("%v: error %v, want %s", c.arguments, err, c.want)
		}
		if !maps.Equal(tree(t, root), before) {
			t.Errorf("%v: files changed", c.arguments)
		}
	}
}
