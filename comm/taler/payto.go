package taler

import (
	"net/url"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Payto is a payto:// URI (RFC 8905) that names a bank account, exactly as it was
// written: exchanges sign and compare the text, so it is never rewritten. Reading
// one from JSON checks it as an exchange does (libtalerutil payto.c, 0.14.1); the
// zero Payto is "no account" and is left out of documents.
type Payto string

// The kinds that have rules of their own here.
const (
	kindIBAN = "iban"
	kindBank = "x-taler-bank"
)

const paytoPrefix = "payto://"

// ParsePayto checks text as an exchange does. The error is fault.Invalid with
// ReasonPaytoMalformed.
func ParsePayto(text string) (Payto, error) {
	p := Payto(text)
	if err := p.Check(); err != nil {
		return "", err
	}
	return p, nil
}

// Check reports whether an exchange would accept the URI in a document: prefix,
// characters, a slash after the kind, a valid IBAN or bank host, and for these
// two kinds a receiver-name. Unknown kinds pass.
func (p Payto) Check() error {
	if !hasPrefixFold(string(p), paytoPrefix) {
		return badPayto(p, "it does not begin with payto://")
	}
	for i := range len(p) {
		if !paytoCharacters[p[i]] {
			return badPayto(p, "a character in it must be percent-encoded")
		}
	}
	_, _, slashed := p.parts()
	if !slashed {
		return badPayto(p, "there is no slash after the kind")
	}
	var why string
	switch p.Kind() {
	case "":
		why = "it has no kind"
	case kindIBAN:
		why = accountFault(p)
	case kindBank:
		why = bankFault(p.Target())
	default:
		return nil
	}
	if why == "" && !p.hasParam("receiver-name") {
		why = "receiver-name is missing"
	}
	if why != "" {
		return badPayto(p, why)
	}
	return nil
}

// CheckAccount is Check of an account that a person has typed: an exchange also takes a URI
// that ends with a slash in a document, and it names nobody's.
func (p Payto) CheckAccount() error {
	if err := p.Check(); err != nil {
		return err
	}
	if lastSegment(p.Target()) == "" {
		return badPayto(p, "there is no account behind the last slash")
	}
	return nil
}

// ParseAccount reads which account a URI names, in the form of Normalise: a document
// needs a receiver-name behind it, a question whether there is such an account does
// not, and what stands there is not looked at. The error is that of ParsePayto.
func ParseAccount(text string) (Payto, error) {
	name := cutQuery(text)
	if _, err := ParsePayto(name + "?receiver-name="); err != nil {
		return "", err
	}
	return Payto(name).Normalise(), nil
}

// parseNamed reads a URI that names an account to be compared with one that is known:
// where a document needs a receiver-name and has none, it is empty.
func parseNamed(text string) (Payto, error) {
	p := Payto(text)
	if kind := p.Kind(); (kind == kindIBAN || kind == kindBank) && !p.hasParam("receiver-name") {
		p = p.with("receiver-name=")
	}
	return ParsePayto(string(p))
}

// Kind is the account's kind in lower case, such as "iban", "x-taler-bank" or
// "wallee-transaction": what wire_types lists.
func (p Payto) Kind() string {
	kind, _, _ := p.parts()
	return strings.ToLower(kind)
}

// Target is what stands between the kind and the query, undecoded.
func (p Payto) Target() string {
	_, target, _ := p.parts()
	return target
}

// Normalise is the URI without its query and with letter case folded as the
// exchange folds it, so that two spellings of one account become one text.
func (p Payto) Normalise() Payto {
	kind, target, slashed := p.parts()
	head := paytoPrefix + strings.ToLower(kind)
	if !slashed {
		return Payto(cutQuery(string(p)))
	}
	switch strings.ToLower(kind) {
	case kindIBAN:
		return Payto(head + "/" + strings.ToUpper(lastSegment(target)))
	case kindBank:
		at := strings.LastIndexByte(target, '/') + 1
		return Payto(head + "/" + strings.ToLower(target[:at]) + target[at:])
	case "bitcoin":
		return Payto(head + "/" + target)
	case "upi", "ilp":
		return Payto(head + "/" + strings.ToLower(target))
	}
	return Payto(cutQuery(string(p)))
}

// Transfer is the account with what to send to it and which subject to write: a
// link that banking software can open. What the account's own URI says of an amount, a
// subject or a sender is left out, or a reader could take that for what is to be sent.
func (p Payto) Transfer(amount Amount, subject string) Payto {
	return p.withoutOrder().with("amount=" + amount.String() + "&message=" + encodePayto(subject))
}

// withoutOrder is the URI without what belongs to one transfer (RFC 8905, section 5).
func (p Payto) withoutOrder() Payto {
	account, query, _ := strings.Cut(string(p), "?")
	mark := "?"
	for pair := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		switch strings.ToLower(name) {
		case "", "amount", "message", "instruction", "sender-name":
			continue
		}
		account, mark = account+mark+pair, "&"
	}
	return Payto(account)
}

// with is the URI with more in its query.
func (p Payto) with(more string) Payto {
	mark := "?"
	if strings.Contains(string(p), "?") {
		mark = "&"
	}
	return Payto(string(p) + mark + more)
}

// Equal reports whether two URIs name the same account.
func (p Payto) Equal(other Payto) bool { return p.Normalise() == other.Normalise() }

// UnmarshalText reads what ParsePayto reads, and empty text as no account.
func (p *Payto) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*p = ""
		return nil
	}
	parsed, err := ParsePayto(string(text))
	if err != nil {
		return err
	}
	*p = parsed
	return nil
}

// parts splits the text after the prefix; slashed tells whether a slash follows
// the kind.
func (p Payto) parts() (kind, target string, slashed bool) {
	if len(p) < len(paytoPrefix) {
		return "", "", false
	}
	return strings.Cut(cutQuery(string(p[len(paytoPrefix):])), "/")
}

func (p Payto) hasParam(key string) bool {
	_, query, _ := strings.Cut(string(p), "?")
	for pair := range strings.SplitSeq(query, "&") {
		if name, _, assigned := strings.Cut(pair, "="); assigned && name == key {
			return true
		}
	}
	return false
}

// accountFault checks [BIC/]IBAN and says what is wrong. An exchange takes what follows
// the last slash of the whole URI for the IBAN, whether or not that is in the query.
func accountFault(p Payto) string {
	_, query, _ := strings.Cut(string(p), "?")
	switch {
	case strings.Contains(query, "/"):
		return "a slash behind the account must be written %2F, or exchanges look for the IBAN there"
	case strings.Count(p.Target(), "/") > 1:
		return "it is BIC/IBAN or IBAN"
	}
	return ibanFault(lastSegment(p.Target()))
}

// bankFault checks HOST[:PORT]/[PATH/]ACCOUNT and says what is wrong.
func bankFault(target string) string {
	authority, _, found := strings.Cut(target, "/")
	if !found {
		return "a bank account is HOST/ACCOUNT"
	}
	host, port, ported := strings.Cut(authority, ":")
	if ported && !portNumber(port) {
		return "the port is not a number"
	}
	if strings.HasPrefix(host, "-") {
		return "the host name begins with a hyphen"
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" {
			return "the host name has an empty part"
		}
		for i := range len(label) {
			if c := label[i]; !alphanumeric(c) && c != '-' && c != '_' {
				return "the host name has a character that no host name has"
			}
		}
	}
	return ""
}

func portNumber(s string) bool {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' || n > 65535 {
			return false
		}
		n = n*10 + int(s[i]-'0')
	}
	return s != "" && n <= 65535
}

// paytoCharacters are those that stand in a URI as they are.
var paytoCharacters = func() (table [256]bool) {
	for c := range len(table) {
		table[c] = alphanumeric(byte(c)) || strings.IndexByte("/:$&?!-_.,;=*+%~@()[]", byte(c)) >= 0
	}
	return table
}()

func alphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// encodePayto percent-encodes a value; a blank becomes %20, for + means a plus to
// some readers.
func encodePayto(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}

func cutQuery(s string) string {
	before, _, _ := strings.Cut(s, "?")
	return before
}

func lastSegment(s string) string { return s[strings.LastIndexByte(s, '/')+1:] }

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func badPayto(p Payto, why string) error {
	return fault.New(fault.Invalid, "%q is not a bank account: %s", clip(string(p)), why).
		Because(ReasonPaytoMalformed).WithHint("write it like payto://iban/CH9300762011623852957?receiver-name=Jane%%20Doe")
}
