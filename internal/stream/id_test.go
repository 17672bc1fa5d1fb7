package stream

import "testing"

func TestNextID(t *testing.T) {
	t.Parallel()
	const most = "18446744073709551615"
	for id, want := range map[string]string{
		"0-0": "0-1", "5-9": "5-10", "5-" + most: "6-0", most + "-" + most: most + "-" + most,
	} {
		if got := parseID(id).next().String(); got != want {
			t.Errorf("behind %s comes %s, want %s", id, got, want)
		}
	}
	if got := Lower("9-10", "10-9"); got != "9-10" {
		t.Errorf("the lower one is %s", got)
	}
	if got := Lower("9-10", "9-9"); got != "9-9" {
		t.Errorf("the lower one is %s", got)
	}
}
