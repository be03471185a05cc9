package taler_test

import (
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
)

// A document of few bytes for each value would take hundreds of times its length in
// memory; one of long values is read.
func TestADocumentHasABoundedNumberOfValues(t *testing.T) {
	for _, row := range []struct {
		name, values string
		refused      bool
	}{
		{"empty denominations", strings.Repeat("{},", 1<<20) + "{}", true},
		{"a few less than there may be", strings.Repeat("{},", 1<<18-16) + "{}", false},
		{"a long text of commas", `{"master_sig":"` + strings.Repeat(`,\",[{`, 1<<20) + `"}`, false},
		{"as many behind a text with an escaped end", `{"x":"\""},` + strings.Repeat("{},", 1<<20) + "{}", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			var keys taler.Keys
			err := taler.Unmarshal([]byte(`{"denominations":[{"denoms":[`+row.values+`]}]}`), &keys)
			if refused := err != nil && strings.Contains(err.Error(), "values"); refused != row.refused || refused && fault.ReasonOf(err) != taler.ReasonJSONInvalid {
				t.Errorf("got %v", err)
			}
		})
	}
}
