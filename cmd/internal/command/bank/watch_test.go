package bank_test

import (
	"strings"
	"testing"
)

// Whoever watches the bank sees whether it is ready, and where the money is.
func TestWhatWatchersOfTheBankSee(t *testing.T) {
	d := newDesk(t)
	d.initialises()
	o := d.serves()
	till := o.sells()
	root := o.urls["terminal"]
	for page, want := range map[string]string{"healthz": "ok\n", "readyz": "ready\n"} {
		if status, text := o.asks("GET", root+page, "", "", ""); status != 200 || text != want {
			t.Errorf("%s: %d %q", page, status, text)
		}
	}
	if status, text := o.asks("POST", root+"withdrawals", till.Login, till.Token, `{"request_uid":"watched-1","amount":"CHF:20"}`); status != 200 {
		t.Fatalf("%d %s", status, text)
	}
	status, text := o.asks("GET", root+"metrics", "", "", "")
	if status != 200 {
		t.Fatalf("%d %s", status, text)
	}
	for _, line := range []string{
		`c2ec_withdrawals{state="pending"} 1`,
		`c2ec_withdrawals{state="confirmed"} 0`,
		`c2ec_oldest_withdrawal_seconds{state="selected"} 0`,
		`c2ec_notices_undecided 0`,
		`c2ec_refunds{asked_by="exchange",state="pending"} 0`,
		`c2ec_refunds{asked_by="bank",state="permanent_failure"} 0`,
		`c2ec_foreign_payments_total 0`,
		`c2ec_refused_transfers_total 0`,
		`c2ec_request_seconds_count{method="POST",route="/withdrawals",status="200"} 1`,
		"c2ec_long_polls 0", "c2ec_store_commits_total ", "c2ec_store_failed_total 0", "c2ec_history_unfetched 0", "go_goroutines ", "process_resident_memory_bytes ",
	} {
		if !strings.Contains(text, "\n"+line) {
			t.Errorf("there is no %s", line)
		}
	}
	if strings.Contains(text, `oldest_withdrawal_seconds{state="pending"} 0`+"\n") {
		t.Errorf("a withdrawal without age:\n%s", text)
	}
}

func TestEdgesThatCannotBe(t *testing.T) {
	d := newDesk(t)
	d.initialises()
	for variable, value := range map[string]string{
		"SWAPEROO_EDGE_PROXIES":                 "proxy.example",
		"SWAPEROO_EDGE_CONNECTIONS_PER_ADDRESS": "0",
	} {
		d.env[variable] = value
		d.refuses(1, "config-malformed", "serve")
		delete(d.env, variable)
	}
}
