package taler

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// TestRulesOfAnAccountAreShownToAPerson in their language, and as plain text.
func TestRulesOfAnAccountAreShownToAPerson(t *testing.T) {
	const swiss = `{"type":"regex","payto_regex":"^payto://iban/CH.*$","human_hint":"Swiss accounts only","human_hint_i18n":{"de":"Nur Schweizer Konten","fr":"Comptes suisses"}}`
	for name, row := range map[string]struct {
		rules, languages string
		want             []string
	}{
		"no rules":                  {``, "de", nil},
		"none":                      {`[]`, "de", nil},
		"null":                      {`null`, "de", nil},
		"no list":                   {`{}`, "de", nil},
		"a language":                {`[` + swiss + `]`, "de, en;q=0.5", []string{"Nur Schweizer Konten"}},
		"a dialect of it":           {`[` + swiss + `]`, "de-CH", []string{"Nur Schweizer Konten"}},
		"the first of several":      {`[` + swiss + `]`, "it, fr;q=0.8, de;q=0.5", []string{"Comptes suisses"}},
		"none of the languages":     {`[` + swiss + `]`, "it", []string{"Swiss accounts only"}},
		"no language":               {`[` + swiss + `]`, "", []string{"Swiss accounts only"}},
		"two rules":                 {`[` + swiss + `,{"type":"regex","payto_regex":"a","human_hint":"And in summer"}]`, "fr", []string{"Comptes suisses", "And in summer"}},
		"no sentence":               {`[{"type":"regex","payto_regex":"^a$"}]`, "fr", []string{"only from accounts that match ^a$"}},
		"what would move a cursor":  {`[{"type":"regex","payto_regex":"a","human_hint":"a\u001b[2Jb"}]`, "", []string{"a [2Jb"}},
		"sentences that are no map": {`[{"type":"regex","payto_regex":"a","human_hint_i18n":[]}]`, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := (ExchangeAccount{CreditRestrictions: json.RawMessage(row.rules)}).Hints(row.languages); !slices.Equal(got, row.want) {
				t.Errorf("a person reads %q", got)
			}
		})
	}
	many := `[` + strings.Repeat(swiss+`,`, 200) + swiss + `]`
	if got := (ExchangeAccount{CreditRestrictions: json.RawMessage(many)}).Hints(""); len(got) > maxHints {
		t.Errorf("a person reads %d sentences", len(got))
	}
}

func FuzzRulesOfAnAccount(f *testing.F) {
	f.Add([]byte(`[{"type":"regex","payto_regex":"a","human_hint":"b","human_hint_i18n":{"de":"c"}}]`), "de-CH, en;q=0.5")
	f.Fuzz(func(t *testing.T, rules []byte, languages string) {
		a := ExchangeAccount{CreditRestrictions: rules}
		for _, text := range a.Hints(languages) {
			if strings.ContainsAny(text, "\x1b\n\r") {
				t.Errorf("a person reads %q", text)
			}
		}
		_ = a.Takes("payto://iban/CH9300762011623852957?receiver-name=A")
	})
}
