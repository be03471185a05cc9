package bank_test

import (
	"bytes"
	"encoding/json"
	"testing"
)

// audited is what scripts read of `bank audit`.
type audited struct {
	OK          bool
	Withdrawals int
	Differences []struct{ Kind, Text, Provider string }
}

// TestAnAuditBesideTheBank: good books are exit code 0; a provider that cannot be
// asked is a difference, and exit code 1.
func TestAnAuditBesideTheBank(t *testing.T) {
	d := newDesk(t)
	d.initialises()
	o := d.serves()
	till := o.sells()
	var good audited
	d.does(&good, "audit")
	if !good.OK || good.Differences == nil {
		t.Errorf("%+v", good)
	}
	if status, text := o.asks("POST", o.urls["terminal"]+"withdrawals", till.Login, till.Token, `{"request_uid":"one","amount":"CHF:20"}`); status != 200 {
		t.Fatalf("%d %s", status, text)
	}
	var out bytes.Buffer
	if code := d.command(t.Context(), &out, "audit", "--per-second", "100"); code != 1 {
		t.Errorf("exit %d", code)
	}
	var bad audited
	if err := json.Unmarshal(out.Bytes(), &bad); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	if bad.OK || bad.Withdrawals != 1 || len(bad.Differences) != 1 || bad.Differences[0].Kind != "provider-unreachable" || bad.Differences[0].Provider != "sim" {
		t.Errorf("%s", out.String())
	}
	d.refuses(2, "usage", "audit", "--per-second", "0")
}
