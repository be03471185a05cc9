package wallet_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// TestTermsAreReadBeforeTheyAreAccepted, and what was accepted is kept.
func TestTermsAreReadBeforeTheyAreAccepted(t *testing.T) {
	u, x := newOwner(t), newIssuer(t)
	x.serves(t, "127.0.0.1:0")
	u.refuses(3, "instrument-unknown", "exchange", "terms", x.url)
	u.does(nil, "exchange", "add", x.url)
	type terms struct {
		URL, Version, Text, Language, Type string
		Accepted                           bool
		AcceptedAt                         time.Time `json:"accepted_at"`
	}
	var read, accepted, again terms
	u.does(&read, "exchange", "terms", x.url)
	if read.URL != x.url || read.Version == "" || read.Text == "" || read.Accepted || !read.AcceptedAt.IsZero() {
		t.Errorf("read: %+v", read)
	}
	u.does(&accepted, "exchange", "terms", x.url, "--accept")
	if !accepted.Accepted || accepted.AcceptedAt.IsZero() || accepted.Version != read.Version {
		t.Errorf("accepted: %+v", accepted)
	}
	if u.does(&again, "exchange", "terms", x.url); again != accepted {
		t.Errorf("read again: %+v, not %+v", again, accepted)
	}
	if got := u.says("exchange", "terms", x.url); !strings.HasSuffix(got.out, "Version "+read.Version+", accepted\n") {
		t.Errorf("for people it ends with\n%s", got.out)
	}
}

// TestTermsComeInThePersonsLanguage, if the exchange has them in it.
func TestTermsComeInThePersonsLanguage(t *testing.T) {
	u, x := newOwner(t), newIssuer(t)
	x.serves(t, "127.0.0.1:0")
	u.does(nil, "exchange", "add", x.url)
	for lang, want := range map[string]string{"": "en", "de_CH.UTF-8": "de", "fr_CH": "en"} {
		u.lang = lang
		if got := u.says("exchange", "terms", x.url, "--json").out; !strings.Contains(got, `"language":"`+want+`"`) {
			t.Errorf("in %q they come as %s", lang, got)
		}
	}
	u.lang = "de_CH.UTF-8"
	if got := u.says("withdraw", "--manual", "--exchange", x.url, "--amount", "CHF:5"); got.code != 4 || !strings.Contains(got.err, "Ihre Münzen sind nichts wert") {
		t.Errorf("the preview, exit %d, is %s", got.code, got.err)
	}
}

// TestNewTermsAreAskedAboutBeforeCoinsAreMade: they changed while the money was on
// its way.
func TestNewTermsAreAskedAboutBeforeCoinsAreMade(t *testing.T) {
	u, x := newOwner(t), newIssuer(t)
	stop := x.serves(t, "127.0.0.1:0")
	buy := u.begins("withdraw", "--manual", "--exchange", x.url, "--amount", "CHF:5", "--yes")
	reserve := buy.next().Reserve
	buy.stop()
	buy.exit()
	x.transfer(t, reserve, "CHF:5")
	var list struct {
		Operations, Payments []any
		Withdrawals          []struct{ Operation string }
	}
	if err := json.Unmarshal([]byte(u.says("operation", "list", "--json").out), &list); err != nil || len(list.Withdrawals) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	operation := list.Withdrawals[0].Operation
	stop()
	x.serves(t, strings.Trim(strings.TrimPrefix(x.url, "http://"), "/"), "--terms-version", "2")

	got := u.says("operation", "resume", operation, "--json")
	if got.code != 4 || !strings.Contains(got.out, `"reason":"input-needed"`) || !strings.Contains(got.out, "wallet exchange terms "+x.url) || !strings.Contains(got.err, "new terms of service, version 2") {
		t.Errorf("exit %d\n%s\n%s", got.code, got.out, got.err)
	}
	if got := u.says("coins").out; strings.Contains(got, "CHF") {
		t.Errorf("there are coins: %s", got)
	}
	u.does(nil, "exchange", "terms", x.url, "--accept")
	if got := u.says("operation", "resume", operation, "--json"); got.code != 0 || !strings.Contains(got.out, `"event":"done"`) {
		t.Errorf("accepted: exit %d, %s", got.code, got.out)
	}
}

// TestYesAcceptsNewTermsToo, said with the withdrawal that goes on, in both ways in which one does.
func TestYesAcceptsNewTermsToo(t *testing.T) {
	for name, again := range map[string]func(operation string, begin []string) []string{
		"by the same order": func(_ string, begin []string) []string { return begin },
		"by the operation's name": func(operation string, _ []string) []string {
			return []string{"operation", "resume", operation, "--yes"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			u, x := newOwner(t), newIssuer(t)
			stop := x.serves(t, "127.0.0.1:0")
			args := []string{"withdraw", "--manual", "--exchange", x.url, "--amount", "CHF:5", "--key", "one", "--yes"}
			buy := u.begins(args...)
			order := buy.next()
			buy.stop()
			buy.exit()
			if got := u.says("status", "--json").out; !strings.Contains(got, `"running":0,"waiting":1`) {
				t.Errorf("while the money is on its way the status is %s", got)
			}
			x.transfer(t, order.Reserve, "CHF:5")
			stop()
			x.serves(t, strings.Trim(strings.TrimPrefix(x.url, "http://"), "/"), "--terms-version", "2")
			got := u.says(again(order.Operation, args)...)
			if got.code != 0 || !strings.Contains(got.out, "Withdrawn CHF:5") || !strings.Contains(got.err, "version 2") || !strings.Contains(got.err, "… the money has not arrived") {
				t.Errorf("exit %d\n%s\n%s", got.code, got.out, got.err)
			}
			if got := u.says("exchange", "list", "--json").out; !strings.Contains(got, `"accepted_version":"2"`) {
				t.Errorf("accepted is %s", got)
			}
		})
	}
}
