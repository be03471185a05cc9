package bank_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/credentials"
)

// said is what scripts read of `bank restore`.
type said struct {
	Dir, Query string
	Last       uint64 `json:"last_incoming"`
	Next       uint64 `json:"next_incoming"`
	Again      int    `json:"rows_again"`
}

// credits has the exchange credited without a payment, and gives the row.
func (o *open) credits(c initialised, reserve string) uint64 {
	o.t.Helper()
	status, text := o.asks("POST", o.urls["wire-gateway"]+"admin/add-incoming", c.Gateway.User, c.Gateway.Password,
		`{"amount":"CHF:5","reserve_pub":"`+reserve+`","debit_account":"payto://iban/CH9300762011623852957?receiver-name=x"}`)
	var row struct {
		Row uint64 `json:"row_id"`
	}
	if err := json.Unmarshal([]byte(text), &row); status != 200 || err != nil {
		o.t.Fatalf("%d %s", status, text)
	}
	return row.Row
}

// TestABankIsBackedUpAndRestored: online, sealed, whole; and the restored one serves
// nobody before it knows its numbers.
func TestABankIsBackedUpAndRestored(t *testing.T) {
	d := newDesk(t)
	d.env["SWAPEROO_ADMIN_INCOMING"] = "true"
	word := filepath.Join(t.TempDir(), "word")
	if err := os.WriteFile(word, []byte("of the backup\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "bank.age")
	d.refuses(3, "dir-empty", "backup", file, "--passphrase-file", word)
	made := d.initialises()
	o := d.serves()
	till := o.sells()
	var further initialised
	d.does(&further, "exchange", "add", "zurich", "--url", "http://127.0.0.1:8/", "--account", "payto://x-taler-bank/localhost/zurich?receiver-name=Z")
	key := func(c string) string { return strings.Repeat(c, 51) + "0" }
	if n := o.credits(made, key("A")); n != 1 {
		t.Fatalf("the first row is %d", n)
	}
	status, text := o.asks("POST", o.urls["terminal"]+"withdrawals", till.Login, till.Token, `{"request_uid":"one","amount":"CHF:20"}`)
	var w struct {
		WOPID string `json:"withdrawal_id"`
	}
	if err := json.Unmarshal([]byte(text), &w); status != 200 || err != nil {
		t.Fatalf("%d %s", status, text)
	}
	d.refuses(4, "input-needed", "backup", file)
	d.does(nil, "backup", file, "--passphrase-file", word)
	d.refuses(5, "file-exists", "backup", file, "--passphrase-file", word)
	d.refuses(5, "dir-taken", "restore", file, "--passphrase-file", word)
	d.refuses(5, "not-restored", "restore")
	d.refuses(9, "dir-in-use", "restore", "--next-incoming", "9")
	sealed, err := os.ReadFile(file)
	if err != nil || bytes.Contains(sealed, []byte("SQLite")) || !bytes.HasPrefix(sealed, []byte("age-encryption.org/")) {
		t.Errorf("the file is %.40q, %v", sealed, err)
	}
	for _, c := range []string{"B", "C"} { // which the backup does not have
		o.credits(made, key(c))
	}
	o.stop()
	d.refuses(5, "not-restored", "restore", "--next-incoming", "9")

	d.dir = filepath.Join(t.TempDir(), "new")
	var r said
	d.does(&r, "restore", file, "--passphrase-file", word)
	if r.Last != 1 || r.Next != 0 || r.Dir != d.dir || !strings.Contains(r.Query, "reserves_in") {
		t.Errorf("%+v", r)
	}
	d.refuses(5, "restored-unnumbered", "serve")
	var found bytes.Buffer
	if code := d.command(t.Context(), &found, "config", "check"); code == 0 || !strings.Contains(found.String(), "restored-unnumbered") || !strings.Contains(found.String(), "--next-incoming") {
		t.Errorf("exit %d: %s", code, found.String())
	}
	d.refuses(2, "usage", "restore", "--next-incoming", "0")
	d.refuses(5, "number-taken", "restore", "--next-incoming", "1")
	d.does(&r, "restore", "--next-incoming", "5000")
	if r.Next != 5000 {
		t.Errorf("%+v", r)
	}
	d.refuses(5, "not-restored", "restore")
	d.refuses(5, "number-taken", "restore", "--next-incoming", "5000")

	o = d.serves()
	if n := o.credits(made, key("E")); n != 5000 {
		t.Errorf("it goes on with row %d", n)
	}
	c, err := credentials.Read(filepath.Join(d.dir, "exchange-credentials-zurich.conf"))
	if err != nil || c.User != "zurich" || c.Password != further.Gateway.Password || c.URL != o.urls["terminal"]+"zurich/taler-wire-gateway/" {
		t.Errorf("the further exchange's login is %v, %v", c, err)
	}
	if status, _ := o.asks("GET", o.urls["terminal"]+"config", till.Login, till.Token, ""); status != 200 {
		t.Errorf("the terminal gets %d", status)
	}
	if status, text := o.asks("GET", o.urls["wire-gateway"]+"history/incoming?delta=1024&start=1", made.Gateway.User, made.Gateway.Password, ""); status != 200 || !strings.Contains(text, `"row_id":5000`) {
		t.Errorf("the exchange reads %d %s", status, text)
	}
	d.refuses(9, "dir-in-use", "restore", "--next-incoming", "6000")
	o.stop()
	d.does(&r, "restore", "--next-incoming", "6000") // the first number was too low
	if r.Next != 6000 || r.Last != 5000 || r.Again != 1 {
		t.Errorf("%+v", r)
	}
	o = d.serves()
	if status, text := o.asks("GET", o.urls["wire-gateway"]+"history/incoming?delta=1024&start=5999", made.Gateway.User, made.Gateway.Password, ""); status != 200 || !strings.Contains(text, `"row_id":6000`) || !strings.Contains(text, key("E")) {
		t.Errorf("the exchange reads %d %s", status, text)
	}
	var shown struct{ Status, Reason string }
	d.does(&shown, "withdrawal", "show", w.WOPID)
	if shown.Status != "aborted" || !strings.Contains(shown.Reason, "restored") {
		t.Errorf("%+v", shown)
	}
}
