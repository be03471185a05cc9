package cli_test

import (
	"bytes"
	"strings"
	"testing"
)

// TestItemsAreWrittenAsPrintDoes, however many, and as they come.
func TestItemsAreWrittenAsPrintDoes(t *testing.T) {
	for _, all := range [][]string{{}, {"one"}, {nasty, "two", "<three>"}} {
		e, out, _ := env(true)
		items := e.Items("names")
		for _, one := range all {
			if err := items.Add(one); err != nil {
				t.Fatal(err)
			}
		}
		if out.Len() != 0 && len(all) == 0 {
			t.Errorf("before the end: %q", out)
		}
		if err := items.End(); err != nil {
			t.Fatal(err)
		}
		same, want, _ := env(true)
		if err := same.Print(map[string]any{"names": all}, ""); err != nil || !bytes.Equal(out.Bytes(), want.Bytes()) {
			t.Errorf("%q, Print has %q, %v", out, want, err)
		}
	}
	e, out, _ := env(true)
	items := e.Items("names")
	long := strings.Repeat("x", 1000)
	for n := 0; out.Len() == 0; n++ {
		if err := items.Add(long); err != nil || n > 100 {
			t.Fatalf("of %d kilobytes nothing is written: %v", n, err)
		}
	}
}
