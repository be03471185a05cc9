package till_test

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/till"
	"github.com/swaperoo/swaperoo/instrument"
)

// TestARecordBecomesNoOther: whatever code there is, the record of a withdrawal stays that of
// what was asked for, and is found by its own name.
func TestARecordBecomesNoOther(t *testing.T) {
	class := till.Records().Classes[0].(controller.Kept)
	at := func(name, state string) *instrument.Instance {
		return &instrument.Instance{Keys: map[string]string{"request_uid": name}, State: []byte(state)}
	}
	is := at("one", `{"request_uid":"one","amount":"CHF:20","exchange":"a"}`)
	for name, row := range map[string]struct {
		before, after *instrument.Instance
		want          fault.Reason
	}{
		"begun":                 {nil, is, ""},
		"told of":               {is, at("one", `{"request_uid":"one","amount":"CHF:20","exchange":"a","told":["setup"]}`), ""},
		"no record":             {nil, at("one", `[]`), "record-malformed"},
		"another's name":        {nil, at("two", `{"request_uid":"one","amount":"CHF:20"}`), "record-malformed"},
		"of another":            {is, at("two", `{"request_uid":"two","amount":"CHF:20","exchange":"a"}`), "record-changed"},
		"of another sum":        {is, at("one", `{"request_uid":"one","amount":"CHF:2","exchange":"a"}`), "record-changed"},
		"from another exchange": {is, at("one", `{"request_uid":"one","amount":"CHF:20"}`), "record-changed"},
	} {
		if err := class.Check(row.before, row.after); fault.ReasonOf(err) != row.want || (err == nil) != (row.want == "") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
