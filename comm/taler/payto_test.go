package taler

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Rows: payto rules.
func TestPaytoAgreesWithLibtalerutil(t *testing.T) {
	var recs []struct {
		Full       string  `json:"full_payto"`
		Error      *string `json:"validate_error"`
		Normalised string  `json:"normalized_payto"`
	}
	recorded(t, "payto.json", &recs)
	if len(recs) < 10 {
		t.Fatalf("only %d recorded", len(recs))
	}
	for _, rec := range recs {
		t.Run(rec.Full, func(t *testing.T) {
			p, err := ParsePayto(rec.Full)
			if (err == nil) != (rec.Error == nil) {
				t.Fatalf("we say %v, libtalerutil says %v", err, rec.Error)
			}
			if err != nil {
				if !errors.Is(err, fault.Invalid) || fault.ReasonOf(err) != ReasonPaytoMalformed {
					t.Errorf("fault %v", err)
				}
				return
			}
			if got := string(p.Normalise()); got != rec.Normalised {
				t.Errorf("normalised is %s, not %s", got, rec.Normalised)
			}
		})
	}
}

// Rows: payto rules.
func TestPaytoValidity(t *testing.T) {
	for name, row := range map[string]struct {
		text string
		ok   bool
	}{
		"prefix of any case":              {"PayTo://iban/CH9300762011623852957?receiver-name=J", true},
		"no slash after the kind":         {"payto://iban?receiver-name=J", false},
		"no kind":                         {"payto:///CH9300762011623852957?receiver-name=J", false},
		"a blank":                         {"payto://iban/CH9300762011623852957?receiver-name=J D", false},
		"a quote":                         {"payto://foo/b'r", false},
		"a fragment":                      {"payto://foo/bar#baz", false},
		"not ASCII":                       {"payto://foo/bär", false},
		"every other sign":                {"payto://foo/:$&?!-_.,;=*+%~@()[]", true},
		"iban without receiver":           {"payto://iban/CH9300762011623852957?message=receiver-name", false},
		"iban of another length":          {"payto://iban/CH930076201162385295?receiver-name=J", false},
		"iban too long, a good checksum":  {"payto://iban/CH130076201162385295700?receiver-name=J", false},
		"another scheme of that length":   {"https://iban/CH9300762011623852957?receiver-name=J", false},
		"unknown kind without a slash":    {"payto://void", false},
		"iban with blanks encoded":        {"payto://iban/CH93%200076?receiver-name=J", false},
		"iban empty":                      {"payto://iban/?receiver-name=J", false},
		"iban, a slash in the name":       {"payto://iban/CH9300762011623852957?receiver-name=J/D", false},
		"iban, a slash escaped":           {"payto://iban/CH9300762011623852957?receiver-name=J%2FD", true},
		"iban with a BIC":                 {"payto://iban/BIC/CH9300762011623852957?receiver-name=J", true},
		"iban with more than a BIC":       {"payto://iban/x/BIC/CH9300762011623852957?receiver-name=J", false},
		"bank with a leading hyphen":      {"payto://x-taler-bank/-b/a?receiver-name=J", false},
		"bank, a slash in the name":       {"payto://x-taler-bank/b/a?receiver-name=J/D", true},
		"iban that no exchange knows":     {"payto://iban/CY17002001280000001200527600?receiver-name=J", false},
		"iban of far away":                {"payto://iban/MN121234123456789123?receiver-name=J", true},
		"bank with port and path":         {"payto://x-taler-bank/b.example:8080/p/acc?receiver-name=J", true},
		"bank without account":            {"payto://x-taler-bank/b.example?receiver-name=J", false},
		"bank with a word for a port":     {"payto://x-taler-bank/b.example:http/a?receiver-name=J", false},
		"bank with too high a port":       {"payto://x-taler-bank/b.example:65536/a?receiver-name=J", false},
		"bank with a sign in the port":    {"payto://x-taler-bank/b.example:8./a?receiver-name=J", false},
		"bank with an endless port":       {"payto://x-taler-bank/b.example:18446744073709551696/a?receiver-name=J", false}, // 80 in 64 bits
		"bank with an empty port":         {"payto://x-taler-bank/b.example:/a?receiver-name=J", false},
		"bank with hyphen and underscore": {"payto://x-taler-bank/b-c_d.example/a?receiver-name=J", true},
		"receiver-name without a value":   {"payto://x-taler-bank/b/a?receiver-name", false},
		"bank with a leading dot":         {"payto://x-taler-bank/.example/a?receiver-name=J", false},
		"bank with two dots":              {"payto://x-taler-bank/b..example/a?receiver-name=J", false},
		"bank of strange characters":      {"payto://x-taler-bank/b(example/a?receiver-name=J", false},
		"receiver-name later":             {"payto://x-taler-bank/b/a?amount=CHF:1&receiver-name=J", true},
		"unknown kind without receiver":   {"payto://void/anything", true},
		"nothing":                         {"", false},
		"only the prefix":                 {"payto://", false},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := ParsePayto(row.text); (err == nil) != row.ok {
				t.Errorf("ParsePayto(%q): %v", row.text, err)
			}
		})
	}
}

// TestPaytoWithoutAnAccount: what libtalerutil lets pass in a document is no account to be typed.
func TestPaytoWithoutAnAccount(t *testing.T) {
	for text, ok := range map[Payto]bool{
		"payto://x-taler-bank/localhost/a?receiver-name=J": true, "payto://wallee-transaction/cards?receiver-name=J": true,
		"payto://iban/BIC/CH9300762011623852957?receiver-name=J": true,
		"payto://x-taler-bank/localhost/?receiver-name=J":        false, "payto://x-taler-bank/localhost/p/?receiver-name=J": false,
		"payto://wallee-transaction/?receiver-name=J": false, "payto://iban/CH93?receiver-name=J": false,
	} {
		if err := text.CheckAccount(); (err == nil) != ok || err != nil && fault.ReasonOf(err) != ReasonPaytoMalformed {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestPaytoParts(t *testing.T) {
	p := Payto("payto://Wallee-Transaction/123/4?receiver-name=Jane%20Doe&amount=CHF:20")
	if p.Kind() != "wallee-transaction" || p.Target() != "123/4" {
		t.Errorf("kind %q, target %q", p.Kind(), p.Target())
	}
}

// Rows: payto rules.
func TestPaytoEquality(t *testing.T) {
	for name, row := range map[string]struct {
		a, b Payto
		want bool
	}{
		"receiver plays no part": {"payto://x-taler-bank/h/a?receiver-name=A", "payto://x-taler-bank/h/a?receiver-name=B", true},
		"host case":              {"payto://x-taler-bank/H.example/a", "payto://X-Taler-Bank/h.example/a", true},
		"account case":           {"payto://x-taler-bank/h/a", "payto://x-taler-bank/h/A", false},
		"path case":              {"payto://x-taler-bank/h/P/a", "payto://x-taler-bank/h/p/a", true},
		"BIC and case":           {"payto://iban/BICX/de75512108001245126199", "payto://iban/DE75512108001245126199", true},
		"other IBAN":             {"payto://iban/DE75512108001245126199", "payto://iban/CH9300762011623852957", false},
		"unknown kind's case":    {"payto://foo/a", "payto://foo/A", false},
		"upi case":               {"payto://upi/A@B", "payto://upi/a@b", true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := row.a.Equal(row.b); got != row.want {
				t.Errorf("%s = %s: %v", row.a.Normalise(), row.b.Normalise(), got)
			}
		})
	}
}

func TestPaytoInDocumentsIsCheckedAndKeptVerbatim(t *testing.T) {
	var in struct{ A, B Payto }
	if err := json.Unmarshal([]byte(`{"A":"payto://X-TALER-bank/H/a?receiver-name=%41","B":null}`), &in); err != nil {
		t.Fatal(err)
	}
	if in.A != "payto://X-TALER-bank/H/a?receiver-name=%41" || in.B != "" {
		t.Errorf("%+v", in)
	}
	if err := Unmarshal([]byte(`{"A":"payto://iban/XX"}`), &in); fault.ReasonOf(err) != ReasonJSONInvalid {
		t.Errorf("bad payto in a document: %v", err)
	}
}

func FuzzPayto(f *testing.F) {
	for _, seed := range []string{
		string(somePayto), "payto://iban/SANDBOXX/DE75512108001245126199?receiver-name=Name", "payto://upi/a@b",
		"payto://", "payto:///", "payto://x-taler-bank/a:1/?receiver-name=", "payto://bitcoin/bc1", "payto://iban?/",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePayto(text)
		if err != nil {
			return
		}
		n := p.Normalise()
		if n.Normalise() != n {
			t.Errorf("%q normalises to %q, which normalises to %q", p, n, n.Normalise())
		}
		if !p.Equal(n) || n.Kind() != p.Kind() {
			t.Errorf("%q is not the account of its normal form %q", p, n)
		}
		back, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		var again Payto
		if err := json.Unmarshal(back, &again); err != nil || again != p {
			t.Errorf("%q came back as %q, %v", p, again, err)
		}
	})
}

// An account whose URI names an amount or a subject of its own must not have a person's
// bank send that.
func TestATransferSendsWhatWasAgreedOn(t *testing.T) {
	const to, order = "payto://iban/CH9300762011623852957?receiver-name=Exchange", "amount=CHF:20&message=SUBJECT"
	for _, account := range []Payto{
		to,
		to + "&amount=CHF:9999&message=OTHER",
		"payto://iban/CH9300762011623852957?amount=CHF:9999&receiver-name=Exchange&message=OTHER&&instruction=x&sender-name=me",
		to + "&%61mount=CHF:9999&MESSAGE=OTHER&amount",
	} {
		if got := account.Transfer(mustAmount(t, "CHF:20"), "SUBJECT"); got != to+"&"+order {
			t.Errorf("%s becomes %s", account, got)
		}
	}
	if got := Payto("payto://x-taler-bank/b.example/e").Transfer(mustAmount(t, "CHF:20"), "SUBJECT"); got != "payto://x-taler-bank/b.example/e?"+order {
		t.Errorf("without a query it becomes %s", got)
	}
}
