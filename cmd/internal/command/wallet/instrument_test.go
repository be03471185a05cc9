package wallet_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/house"
)

// secret is a card's key as it is in a card's file: nothing may ever show it.
const secret = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I"

func card(account, last4 string) string {
	return fmt.Sprintf(`{"account":%q,"brand":"Sandbox Card","last4":%q,"key":%q}`, account, last4, secret)
}

type held struct {
	ID, Class, Name, Status string
	Fields                  map[string]string
}

func TestACardIsHeldAndShownWithoutItsSecret(t *testing.T) {
	u := newOwner(t)
	var one, two held
	u.does(&one, "instrument", "add", "payment-card", "--file", u.file(card("card-1", "1234")))
	want := held{Class: "payment-card", Name: "Payment card Sandbox Card 1234", Status: "active"}
	if one.Class != want.Class || one.Name != want.Name || one.Status != want.Status || len(one.ID) != 26 {
		t.Errorf("it is shown as %+v", one)
	}
	if one.Fields["account"] != "card-1" || one.Fields["last4"] != "1234" || one.Fields["key"] != "" {
		t.Errorf("its members are %v", one.Fields)
	}
	u.in = card("card-2", "9999") // and what is typed counts before what is in the file
	u.does(&two, "instrument", "add", "payment-card", "--file", "-", "last4=5678", "--name", "travel")
	if two.Name != "travel" || two.Fields["last4"] != "5678" {
		t.Errorf("the second is shown as %+v", two)
	}

	t.Run("found by name, id and the end of its id", func(t *testing.T) {
		for _, name := range []string{"travel", two.ID, two.ID[len(two.ID)-8:]} {
			var got held
			u.does(&got, "instrument", "show", name)
			if got.ID != two.ID {
				t.Errorf("%q shows %+v", name, got)
			}
		}
		u.refuses(3, "instrument-unknown", "instrument", "show", two.ID[len(two.ID)-3:])
	})

	t.Run("listed, all or of one class", func(t *testing.T) {
		for class, n := range map[string]int{"": 2, "payment-card": 2, "taler-coin": 0, "beads": 0} {
			var list struct{ Instruments []held }
			u.does(&list, "instrument", "list", "--class", class)
			if list.Instruments == nil || len(list.Instruments) != n {
				t.Errorf("class %q: %+v", class, list)
			}
		}
	})

	t.Run("counted and recorded", func(t *testing.T) {
		var is struct {
			Dir, User   string
			Balances    []any
			Instruments map[string]int
			Peers       int
			Running     int
			Waiting     int
			Classes     []string
		}
		u.does(&is, "status")
		if is.Instruments["payment-card"] != 2 || is.User != "owner" || is.Dir != u.dir || len(is.Classes) == 0 {
			t.Errorf("status = %+v", is)
		}
		var past struct {
			History []struct {
				Seq                       int
				Time                      time.Time
				Class, Status, Instrument string
			}
		}
		u.does(&past, "history")
		if h := past.History; len(h) != 2 || h[0].Instrument != two.ID || h[1].Instrument != one.ID || h[0].Seq <= h[1].Seq || h[0].Time.Location() != time.UTC {
			t.Errorf("history = %+v", h)
		}
		u.does(&past, "history", "-n", "1")
		if h := past.History; len(h) != 1 || h[0].Instrument != two.ID {
			t.Errorf("the last line of the history = %+v", h)
		}
	})

	t.Run("its secret is nowhere", func(t *testing.T) {
		for _, args := range [][]string{
			{"instrument", "list"}, {"instrument", "show", "travel"}, {"history"}, {"status"}, {"operation", "list"}, {"-v", "instrument", "show", "travel"},
		} {
			for _, format := range []string{"--json=false", "--json"} {
				if got := u.says(append(args, format)...); got.code != 0 || strings.Contains(got.out+got.err, secret) {
					t.Errorf("%s %s: exit %d and\n%s%s", strings.Join(args, " "), format, got.code, got.out, got.err)
				}
			}
		}
		if got := u.says("instrument", "show", "travel"); !strings.Contains(got.out, "key\t(secret)\n") {
			t.Errorf("that there is a secret is not said:\n%s", got.out)
		}
		plain := 0
		err := filepath.WalkDir(u.dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			if strings.Contains(string(text), secret) {
				t.Errorf("it is in %s", d.Name())
			}
			plain++
			return err
		})
		if err != nil || plain == 0 {
			t.Errorf("%d files, %v", plain, err)
		}
	})

	t.Run("given up", func(t *testing.T) {
		var gone struct{ ID, Event string }
		u.does(&gone, "instrument", "remove", "travel")
		if gone.ID != two.ID || gone.Event != "removed" {
			t.Errorf("remove says %+v", gone)
		}
		u.refuses(5, "move-refused", "instrument", "remove", two.ID)
		var got held
		u.does(&got, "instrument", "show", one.ID)
		if got.Status != "active" {
			t.Errorf("the other card is %s", got.Status)
		}
	})
}

// TestTwoOfAName: which of them must be said; a command does not choose.
func TestTwoOfAName(t *testing.T) {
	u := newOwner(t)
	for _, account := range []string{"card-1", "card-2"} {
		u.does(nil, "instrument", "add", "payment-card", "--file", u.file(card(account, "1234")), "--name", "mine")
	}
	u.refuses(2, "name-ambiguous", "instrument", "show", "mine")
	u.refuses(2, "name-ambiguous", "instrument", "remove", "mine")
	u.refuses(2, "name-ambiguous", "pay", nowhere+"#"+keyA, "--instrument", "mine")

	t.Run("one of them given up", func(t *testing.T) {
		var all struct{ Instruments []held }
		u.does(&all, "instrument", "list")
		u.does(nil, "instrument", "remove", all.Instruments[0].ID)
		var got held
		u.does(&got, "instrument", "show", "mine")
		if got.ID != all.Instruments[1].ID {
			t.Errorf("shown is %+v, and it was given up", got)
		}
		u.refuses(2, "class-differs", "pay", nowhere+"#"+keyA, "--amount", "CHF:1", "--class", "coupon", "--instrument", "mine")
		u.does(nil, "instrument", "remove", "mine")
		u.refuses(2, "name-ambiguous", "instrument", "show", "mine")
	})
}

// TestACardThatIsNoneIsRefused, and what was in its file is not told.
func TestACardThatIsNoneIsRefused(t *testing.T) {
	u := newOwner(t)
	for _, row := range []struct {
		name, file string
		code       int
		reason     string
	}{
		{"nothing", ``, 2, "file-malformed"},
		{"null", `null`, 2, "file-malformed"},
		{"a list", `["` + secret + `"]`, 2, "file-malformed"},
		{"a text", `"` + secret + `"`, 2, "file-malformed"},
		{"cut off", `{"account":"a","key":"` + secret, 2, "file-malformed"},
		{"too long", `{"account":"` + strings.Repeat("a", 70<<10) + `"}`, 2, "file-unreadable"},
		{"a member too many", `{"account":"a","brand":"b","last4":"1234","key":"` + secret + `","pin":"1"}`, 2, "field-unknown"},
		{"no key", `{"account":"a","brand":"b","last4":"1234"}`, 4, "input-needed"},
		{"a short key", `{"account":"a","brand":"b","last4":"1234","key":"` + secret[:20] + `"}`, 2, "card-malformed"},
		{"no account", `{"account":"","brand":"b","last4":"1234","key":"` + secret + `"}`, 2, "card-malformed"},
		{"a number as the account", `{"account":7,"brand":"b","last4":"1234","key":"` + secret + `"}`, 2, "key-malformed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			was := u.t
			u.t = t
			defer func() { u.t = was }()
			path := u.file(row.file)
			u.refuses(row.code, row.reason, "instrument", "add", "payment-card", "--file", path)
			got := u.says("instrument", "add", "payment-card", "--file", path, "-v")
			if got.code != row.code || strings.Contains(got.out+got.err, secret[:20]) {
				t.Errorf("exit %d and\n%s%s", got.code, got.out, got.err)
			}
		})
	}
	var list struct{ Instruments []held }
	if u.does(&list, "instrument", "list"); len(list.Instruments) != 0 {
		t.Errorf("there is %+v", list)
	}
}

// TestACardIsAddedOnce: its account is unique in a wallet.
func TestACardIsAddedOnce(t *testing.T) {
	u := newOwner(t)
	path := u.file(card("card-1", "1234"))
	u.does(nil, "instrument", "add", "payment-card", "--file", path)
	u.refuses(5, "account-taken", "instrument", "add", "payment-card", "--file", path)
}

// TestAnAgentGivesUpItsOwnOnly: limits bound what it spends of its person's, and count nothing that
// is thrown away.
func TestAnAgentGivesUpItsOwnOnly(t *testing.T) {
	u := newOwner(t)
	var theirs, own held
	u.does(&theirs, "instrument", "add", "payment-card", "--file", u.file(card("card-1", "1234")))
	file := filepath.Join(t.TempDir(), "bot.key")
	u.does(nil, "profile", "add", "agent", "bot", "--new-key-file", file)
	bot := &user{t: t, dir: u.dir}
	as := func(args ...string) []string { return append(args, "--user", "bot", "--key-file", file) }
	bot.refuses(5, "not-owner", as("instrument", "remove", theirs.ID)...)
	bot.refuses(5, "not-owner", as("instrument", "modify", theirs.ID, "--name", "mine")...)
	bot.does(&own, as("instrument", "add", "payment-card", "--file", u.file(card("card-2", "5678")))...)
	bot.does(nil, as("instrument", "modify", own.ID, "--name", "mine")...)
	f := house.Files{Dir: u.dir}
	if err := os.WriteFile(filepath.Join(u.dir, "restored.json"), fmt.Appendf(nil, `{"unchecked":[%q,%q]}`, theirs.ID, own.ID), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, which := range []string{theirs.ID, "--all"} {
		bot.refuses(5, "not-owner", as("instrument", "accept", which)...)
	}
	bot.does(nil, as("instrument", "accept", own.ID)...)
	if m, err := f.Mark(); err != nil || m == nil || len(m.Unchecked) != 1 || string(m.Unchecked[0]) != theirs.ID {
		t.Errorf("unchecked is %+v, %v", m, err)
	}
	u.does(nil, "instrument", "accept", "--all")
	bot.does(nil, as("instrument", "remove", own.ID)...)
	var got held
	if u.does(&got, "instrument", "show", theirs.ID); got.Status != "active" {
		t.Errorf("the person's card is %s", got.Status)
	}
}
