package wallet_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite"
)

// TestACardWithAnAlteredClaimIsRefused: what its account is found by was altered, and
// the account could be added once more. Whoever names the card is told.
func TestACardWithAnAlteredClaimIsRefused(t *testing.T) {
	u := newOwner(t)
	var one held
	u.does(&one, "instrument", "add", "payment-card", "--file", u.file(card("card-1", "1234")))
	u.does(nil, "instrument", "show", one.ID)
	db, err := sql.Open("sqlite", filepath.Join(u.dir, "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`UPDATE instance_keys SET blind = unhex(replace(hex(blind), substr(hex(blind), 1, 1), CASE substr(hex(blind), 1, 1) WHEN 'A' THEN 'B' ELSE 'A' END)) WHERE class = 'payment-card'`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{one.ID, one.Name} {
		u.refuses(1, "seal-broken", "instrument", "show", name)
		u.refuses(1, "seal-broken", "instrument", "remove", name)
	}
}
