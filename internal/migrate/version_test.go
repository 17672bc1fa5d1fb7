package migrate

import (
	"strings"
	"testing"
)

func TestCheckVersion(t *testing.T) {
	t.Parallel()
	if err := checkVersion(140000, "14.0"); err != nil {
		t.Error(err)
	}
	err := checkVersion(130021, "13.21")
	if err == nil || !strings.Contains(err.Error(), "13.21") || !strings.Contains(err.Error(), "version 14") {
		t.Errorf("error is %v", err)
	}
}

func TestFirstInPath(t *testing.T) {
	t.Parallel()
	tests := []struct{ path, want string }{
		{"chain", "chain"}, {"Chain, public", "chain"}, {`"Ch""ain",x`, `Ch"ain`}, {`"$user", public`, ""}, {"", ""}, {`"`, ""},
	}
	for _, test := range tests {
		got, err := firstInPath(test.path)
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("firstInPath(%s) is %q, %v; want %q", test.path, got, err, test.want)
		}
	}
}
