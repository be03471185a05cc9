package taler

import (
	"regexp"
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
