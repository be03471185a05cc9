package taler

import (
	"regexp"
	"strings"
)

// Operations that an exchange limits and that a withdrawal meets.
const (
	LimitWithdraw = "WITHDRAW" // what is withdrawn within a time
	LimitBalance  = "BALANCE"  // what a wallet holds
)

// HardLimit is the most that an exchange lets anybody do within a time. A soft
// one can be raised by saying who one is.
type HardLimit struct {
	OperationType string       `json:"operation_type"`
	Threshold     Amount       `json:"threshold"`
	Timeframe     RelativeTime `json:"timeframe"`
	SoftLimit     bool         `json:"soft_limit"`
	RuleName      string       `json:"rule_name,omitempty"`
}

// ZeroLimit is an operation that nobody may do before saying who they are.
type ZeroLimit struct {
	OperationType string `json:"operation_type"`
	RuleName      string `json:"rule_name,omitempty"`
}

// restriction is one rule about who may send to an account or get money from it.
type restriction struct {
	Type  string `json:"type"` // "deny" or "regex"
	Regex string `json:"payto_regex"`

	Hint  string            `json:"human_hint"`
	Hints map[string]string `json:"human_hint_i18n"` // by language
}

// maxHints is how many rules of an account are shown to a person.
const maxHints = 16

// Hints say in sentences of the exchange from whom it takes money for this account,
// in the first of the languages that it has them in: these are written as an
// Accept-Language. A rule without a sentence is shown as it is.
func (a ExchangeAccount) Hints(languages string) []string {
	var rules []restriction
	if decode(a.CreditRestrictions, &rules) != nil {
		return nil
	}
	var out []string
	for _, r := range rules[:min(len(rules), maxHints)] {
		said := r.Hint
		for _, language := range spoken(languages) {
			if text := r.Hints[language]; text != "" {
				said = text
				break
			}
		}
		if said == "" {
			said = "only from accounts that match " + r.Regex
		}
		out = append(out, printable(said))
	}
	return out
}

// Conversion is where the exchange says what a transfer in another currency becomes;
// empty if the account is in its own.
func (a ExchangeAccount) Conversion() string { return printable(a.ConversionURL) }

// spoken lists the languages of an Accept-Language in its order, each followed by
// what it is a dialect of.
func spoken(accepted string) (out []string) {
	for part := range strings.SplitSeq(accepted, ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		out = append(out, tag)
		if base, _, dialect := strings.Cut(tag, "-"); dialect {
			out = append(out, base)
		}
	}
	return out
}

// Takes reports whether the exchange takes money for this account from a sender;
// an empty one is a sender that is not known, of whom only "nobody" is refused. A
// rule that cannot be read lets nobody through: money that the exchange refuses
// would have to come back.
func (a ExchangeAccount) Takes(from Payto) bool {
	if len(a.CreditRestrictions) == 0 {
		return true
	}
	var rules []restriction
	if decode(a.CreditRestrictions, &rules) != nil {
		return false
	}
	for _, r := range rules {
		switch {
		case r.Type != "regex":
			return false
		case from == "":
			continue
		}
		pattern, err := regexp.CompilePOSIX(r.Regex)
		if err != nil || !pattern.MatchString(string(from)) {
			return false
		}
	}
	return true
}
