package explorer_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/redis-postgres-sync/redis-postgres-sync/internal/explorer"
)

const (
	proxy  = "0x00000000000000000000000000000000000000aa"
	behind = "0x00000000000000000000000000000000000000BB"
	plain  = "0x00000000000000000000000000000000000000cc"
	nobody = "0x00000000000000000000000000000000000000dd"
	key    = "s3cr3t"

	upgraded = `{"type":"event","name":"Upgraded","inputs":[]}`
	paused   = `{"type":"event","name":"Paused","inputs":[]}`
)

type source interface {
	Contract(ctx context.Context, chainID uint64, address string) (explorer.Contract, error)
}

// stand starts a stand-in that answers as handler does.
func stand(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.URL
}

// sourcify answers as a server of Sourcify does, with the answers as its documentation has them.
func sourcify(t *testing.T) string {
	answers := map[string]string{
		proxy: `{"abi":[` + upgraded + `],"compilation":{"name":"Proxy"},"deployment":{"blockNumber":"123","transactionIndex":"4"},
			"proxyResolution":{"isProxy":true,"proxyType":"EIP1967Proxy","implementations":[{"address":"` + behind + `","name":"Vault"}]},
			"matchId":"1","match":"exact_match","chainId":"1155","address":"` + proxy + `"}`,
		behind: `{"abi":[{"name":"Upgraded", "inputs":[],"type":"event"},` + paused + `],"compilation":{"name":"Vault"}}`,
		plain: `{"abi":[` + paused + `],"compilation":{"name":"Token"},"deployment":{"blockNumber":null},
			"proxyResolution":{"isProxy":false,"proxyType":null,"implementations":[]}}`,
	}
	return stand(t, func(w http.ResponseWriter, r *http.Request) {
		address, ok := strings.CutPrefix(r.URL.Path, "/v2/contract/1155/")
		answer := answers[address]
		if !ok || answer == "" {
			w.WriteHeader(http.StatusNotFound)
			answer = `{"match":null,"creationMatch":null,"runtimeMatch":null,"chainId":"1155","address":"` + address + `"}`
		}
		if fields := r.URL.Query().Get("fields"); !strings.Contains(fields, "abi") {
			t.Errorf("asked for fields %q", fields)
		}
		fmt.Fprint(w, answer)
	})
}

// etherscan answers as that API does: with status 200 whatever happens.
func etherscan(t *testing.T) string {
	quoted := func(entries ...string) string {
		text, err := json.Marshal("[" + strings.Join(entries, ",") + "]")
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	sources := map[string]string{
		proxy:  `[{"ABI":` + quoted(upgraded) + `,"ContractName":"Proxy","Proxy":"1","Implementation":"` + behind + `"}]`,
		behind: `[{"ABI":` + quoted(paused, upgraded) + `,"ContractName":"Vault","Proxy":"0","Implementation":""}]`,
		plain:  `[{"ABI":` + quoted(paused) + `,"ContractName":"Token","IsProxy":"true","ImplementationAddress":"` + behind + `"}]`,
	}
	return stand(t, func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		address := query.Get("address")
		switch {
		case query.Get("module") != "contract" || query.Get("chainid") != "1155":
			fmt.Fprint(w, `{"status":"0","message":"NOTOK","result":"Error! Missing Or invalid Module name"}`)
		case query.Get("apikey") != key:
			fmt.Fprintf(w, `{"status":"0","message":"NOTOK","result":"Invalid API Key (%s)"}`, query.Get("apikey"))
		case query.Get("action") == "getcontractcreation" && query.Get("contractaddresses") == proxy:
			fmt.Fprint(w, `{"status":"1","message":"OK","result":[{"contractAddress":"","blockNumber":"123"}]}`)
		case query.Get("action") == "getcontractcreation":
			fmt.Fprint(w, `{"status":"0","message":"No data found","result":null}`)
		case sources[address] != "":
			fmt.Fprintf(w, `{"status":"1","message":"OK","result":%s}`, sources[address])
		default:
			fmt.Fprint(w, `{"status":"1","message":"OK","result":[{"ABI":"Contract source code not verified","ContractName":""}]}`)
		}
	})
}

func names(t *testing.T, c explorer.Contract) string {
	t.Helper()
	var all []string
	for _, e := range c.ABI {
		var entry struct{ Name string }
		if err := json.Unmarshal(e, &entry); err != nil {
			t.Fatal(err)
		}
		all = append(all, entry.Name)
	}
	return strings.Join(all, " ")
}

func TestContract(t *testing.T) {
	t.Parallel()
	s, e := sourcify(t), etherscan(t)
	for _, c := range []struct {
		what, address string
		source        source
		name, abi     string
		block         uint64
		behind        string
		from          string
	}{
		{"a proxy at Sourcify", proxy, explorer.Sourcify{URL: s + "/"}, "Vault", "Upgraded Paused", 123,
			strings.ToLower(behind), s + "/v2/contract/1155/" + proxy},
		{"a contract at Sourcify", plain, explorer.Sourcify{URL: s}, "Token", "Paused", 0, "", s + "/v2/contract/1155/" + plain},
		{"a proxy at Etherscan", proxy, explorer.Etherscan{URL: e, Key: key}, "Vault", "Upgraded Paused", 123, strings.ToLower(behind), e},
		{"a proxy at Blockscout", plain, explorer.Etherscan{URL: e, Key: key}, "Vault", "Paused Upgraded", 0, strings.ToLower(behind), e},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			got, err := c.source.Contract(t.Context(), 1155, c.address)
			if err != nil {
				t.Fatal(err)
			}
			if got.Name != c.name || names(t, got) != c.abi || got.Block != c.block || got.From != c.from ||
				strings.Join(got.Implementations, " ") != c.behind {
				t.Errorf("got %+v with the entries %s", got, names(t, got))
			}
		})
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	s, e := sourcify(t), etherscan(t)
	down := httptest.NewServer(nil)
	down.Close()
	answer := func(status int, text string) string {
		return stand(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			fmt.Fprint(w, text)
		})
	}
	for _, c := range []struct {
		what     string
		source   source
		notFound bool
		want     string
	}{
		{"not at Sourcify", explorer.Sourcify{URL: s}, true, "hint: -explorer asks an explorer's API instead"},
		{"not at Etherscan", explorer.Etherscan{URL: e, Key: key}, true, "(Contract source code not verified)"},
		{"a wrong key", explorer.Etherscan{URL: e, Key: key + "2"}, false, "Invalid API Key (***); hint: EXPLORER_API_KEY"},
		{"a server that is away", explorer.Etherscan{URL: down.URL, Key: key}, false, "connection refused"},
		{"no URL", explorer.Etherscan{URL: "ftp://example.org", Key: key}, false, "unsupported protocol scheme"},
		{"a key in the URL", explorer.Etherscan{URL: e + "?apikey=" + key}, false, "hint: EXPLORER_API_KEY holds the key"},
		{"a password in the URL", explorer.Sourcify{URL: strings.Replace(s, "http://", "http://user:"+key+"@", 1)}, false,
			"neither a key nor a password"},
		{"another host", explorer.Etherscan{Key: key, URL: stand(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, strings.Replace(e, "127.0.0.1", "localhost", 1), http.StatusFound)
		})}, false, "sends us on to localhost"},
		{"a refusal without a result", explorer.Etherscan{Key: key, URL: answer(200, `{"status":"0","message":"Unknown action","result":null}`)},
			true, "(Unknown action); hint: "},
		{"a rate limit in the message", explorer.Etherscan{Key: key, URL: answer(200, `{"status":"0","message":"rate limit","result":null}`)},
			false, "rate limit; hint: "},
		{"a broken URL", explorer.Etherscan{URL: "http://[", Key: key}, false, "it is no address of HTTP"},
		{"a page", explorer.Sourcify{URL: answer(200, "<html>")}, false, "the answer is not what it should be"},
		{"an API that is not there", explorer.Etherscan{URL: answer(404, ""), Key: key}, false, "404 Not Found"},
		{"too many requests", explorer.Sourcify{URL: answer(429, "")}, false, "hint: wait a minute"},
		{"an error of theirs", explorer.Sourcify{URL: answer(503, "")}, false, "503 Service Unavailable"},
		{"too many requests to Etherscan", explorer.Etherscan{
			URL: answer(200, `{"status":"0","message":"NOTOK","result":"Max calls per sec rate limit reached"}`), Key: key,
		}, false, "rate limit reached"},
		{"text that is no ABI", explorer.Etherscan{URL: answer(200, `{"status":"1","result":[{"ABI":"[1"}]}`), Key: key}, false, "it is no ABI"},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			_, err := c.source.Contract(t.Context(), 1155, nobody)
			if err == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, explorer.ErrNotFound) != c.notFound {
				t.Fatalf("error %v, want %s", err, c.want)
			}
			if strings.Contains(err.Error(), key) {
				t.Errorf("the error holds the key: %v", err)
			}
		})
	}
}
