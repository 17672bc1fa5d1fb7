package codegen

import (
	"slices"
	"strings"
	"testing"
)

func TestSnake(t *testing.T) {
	for name, want := range map[string]string{
		"termId":          "term_id",
		"assetsAfterFees": "assets_after_fees",
		"ERC721":          "erc721",
		"ERC721Transfer":  "erc721_transfer",
		"HTTPServer":      "http_server",
		"tokenIDs":        "token_ids",
		"URLsSet":         "urls_set",
		"u256":            "u256",
		"uint256Value":    "uint256_value",
		"a1b2":            "a1b2",
		"A1B2":            "a1_b2",
		"MIXEDCASE":       "mixedcase",
		"MixedCase":       "mixed_case",
		"Snake_Event":     "snake_event",
		"_Underscored":    "underscored",
		"__two":           "two",
		"value_":          "value",
		"with$dollar":     "with_dollar",
		"$":               "",
		"_":               "",
		"":                "",
		"1inch":           "n1inch",
		"größe":           "gr_uf6_udf_e",
		"ΩX":              "u3a9_x",
	} {
		if got := snake(name); got != want {
			t.Errorf("snake(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestColumnNames(t *testing.T) {
	for _, c := range []struct{ what, params, columns, fields string }{
		{"plain", "sender termId", "sender term_id", "Sender TermID"},
		{"near twins", "value Value VALUE _value value_",
			"value value_2 value_3 value_4 value_5", "Value Value2 Value3 Value4 Value5"},
		{"metadata", "block_number transactionHash network address createdAt",
			"block_number_1 transaction_hash_2 network_3 address_4 created_at_5",
			"BlockNumber1 TransactionHash2 Network3 Address4 CreatedAt5"},
		{"reserved", "from to select left user xmin", "from_1 to_2 select_3 left_4 user_5 xmin_6",
			"From1 To2 Select3 Left4 User5 Xmin6"},
		{"not reserved", "value type key row values func range", "value type key row values func range",
			"Value Type Key3 Row Values Func Range"},
		{"unnamed", ". a .", "param_1 a param_3", "Param1 A Param3"},
		{"nothing left", "$ . $", "param param_2 param_3", "Param Param2 Param3"},
		{"taken suffix", "value_3 value Value", "value_3 value value_3_3", "Value3 Value Value33"},
		{"one name in sqlc", "a1 a_1", "a1 a_1_2", "A1 A12"},
		{"one name in Go", "url u_r_l", "url u_r_l", "URL URL2"},
		{"methods", "meta metadata decode key", "meta metadata decode key", "Meta1 Metadata2 Decode3 Key4"},
	} {
		var params []param
		for _, name := range strings.Fields(c.params) {
			params = append(params, param{name: strings.Trim(name, ".")})
		}
		columns := columnNames(params)
		if got := strings.Join(columns, " "); got != c.columns {
			t.Errorf("%s: columns %s, want %s", c.what, got, c.columns)
		}
		if got := strings.Join(fieldNames(columns), " "); got != c.fields {
			t.Errorf("%s: fields %s, want %s", c.what, got, c.fields)
		}
	}
}

func TestLongNames(t *testing.T) {
	long := strings.Repeat("veryLong", 12)
	columns := columnNames([]param{{name: long}, {name: long + "er"}, {name: "_" + long}})
	for i, name := range columns {
		if len(name) > maxIdentifier || !identifier.MatchString(name) || slices.Contains(columns[:i], name) {
			t.Errorf("column %d is %s", i+1, name)
		}
	}
	names := tableNames(&shape{event: event{name: long}, files: []string{"File"}})
	for i, name := range names {
		if len(name) > maxTable || !strings.HasSuffix(name, tableSuffix) || slices.Contains(names[:i], name) {
			t.Errorf("table name %d is %s", i+1, name)
		}
	}
	if want := fit("a_"+strings.Repeat("b", 70), "", 63); len(want) != 63 {
		t.Errorf("cut to %d bytes", len(want))
	}
}

func TestGoNames(t *testing.T) {
	for name, want := range map[string]struct{ exported, unexported, sqlc string }{
		"term_id":         {"TermID", "termID", "TermID"},
		"id":              {"ID", "id", "ID"},
		"ids":             {"IDs", "ids", "Ids"},
		"token_url":       {"TokenURL", "tokenURL", "TokenUrl"},
		"erc721_transfer": {"ERC721Transfer", "erc721Transfer", "Erc721Transfer"},
		"a_1":             {"A1", "a1", "A1"},
	} {
		if got := goName(name); got != want.exported {
			t.Errorf("goName(%s) = %s, want %s", name, got, want.exported)
		}
		if got := unexportedName(name); got != want.unexported {
			t.Errorf("unexportedName(%s) = %s, want %s", name, got, want.unexported)
		}
		if got := sqlcName(name); got != want.sqlc {
			t.Errorf("sqlcName(%s) = %s, want %s", name, got, want.sqlc)
		}
	}
}
