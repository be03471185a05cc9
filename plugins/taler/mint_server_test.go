package taler_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	crypto "github.com/swaperoo/swaperoo/crypto/taler"
)

// mint is a small exchange in memory: it signs what it says, checks what it is
// told, remembers planchets, and lies on request.
type mint struct {
	*httptest.Server
	master, online crypto.EddsaPrivateKey
	auditor        crypto.EddsaPrivateKey
	denoms         map[taler.HashCode]*denom

	mu        sync.Mutex
	keys      taler.Keys
	config    taler.ExchangeConfig
	balances  map[taler.EddsaPublicKey]taler.Amount
	issued    map[taler.HashCode]taler.Blob // by envelope
	requests  [][]byte                      // bodies of withdrawals, as they came
	asked     map[string]int                // how often, by path
	unchanged int                           // answers that a document is still the same
	intercept func(w http.ResponseWriter, r *http.Request) bool
	corrupt   func([]taler.BlindSignature)

	unifiedGone bool // whatever the version says
	terms       http.HandlerFunc
}

type denom struct {
	key         *crypto.RSAPrivateKey
	cost, value taler.Amount
}

// rsaKeys are made once: they are what takes time.
var rsaKeys = sync.OnceValue(func() (keys []*crypto.RSAPrivateKey) {
	for range 4 {
		raw, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		key, err := crypto.NewRSAPrivateKey(raw)
		if err != nil {
			panic(err)
		}
		keys = append(keys, key)
	}
	return keys
})

func eddsaKey() crypto.EddsaPrivateKey {
	seed := make([]byte, 32)
	_, _ = rand.Read(seed)
	key, err := crypto.NewEddsaPrivateKey(seed)
	if err != nil {
		panic(err)
	}
	return key
}

const exchangePayto taler.Payto = "payto://iban/CH9300762011623852957?receiver-name=Sandbox"

// openMint opens an exchange of 10, 2 and 0.1, each for a fee of 0.01.
func openMint(t testing.TB) *mint {
	m := &mint{
		master: eddsaKey(), online: eddsaKey(), auditor: eddsaKey(), denoms: map[taler.HashCode]*denom{},
		balances: map[taler.EddsaPublicKey]taler.Amount{}, issued: map[taler.HashCode]taler.Blob{}, asked: map[string]int{},
		config: taler.ExchangeConfig{Name: taler.ExchangeName, Version: taler.Version{Current: 23, Age: 6}, Currency: "CHF"},
	}
	now := crypto.At(time.Now())
	m.keys = taler.Keys{
		Version: m.config.Version, Currency: "CHF", MasterPublicKey: m.master.Public(), ListIssueDate: now,
		ReserveClosingDelay: crypto.Lasting(24 * time.Hour), AssetType: "regional",
		StefanAbs: amount("CHF:0"), StefanLog: amount("CHF:0"), CurrencySpecification: taler.PlainCurrency("CHF"),
		SignKeys: []taler.SignKey{{StampStart: now - 60, StampExpire: now + 86400, StampEnd: now + 2*86400, Key: m.online.Public()}},
		Accounts: []taler.ExchangeAccount{{PaytoURI: exchangePayto}},
		WireFees: map[string][]taler.WireFee{"iban": {{WireFee: amount("CHF:0.02"), ClosingFee: amount("CHF:0.03"), StartDate: now, EndDate: now + 86400}}},
		GlobalFees: []taler.GlobalFee{{
			StartDate: now, EndDate: now + 86400, HistoryFee: amount("CHF:0"), AccountFee: amount("CHF:0"), PurseFee: amount("CHF:0"),
			HistoryExpiration: crypto.Lasting(24 * time.Hour), PurseTimeout: crypto.Lasting(time.Hour), PurseAccountLimit: 5,
		}},
		Extensions: json.RawMessage(`{"age_restriction":{"critical":false,"version":"1"}}`),
		Auditors:   []taler.Auditor{{AuditorPub: m.auditor.Public(), AuditorURL: "https://auditor.example/", AuditorName: "Auditor"}},
	}
	for n, value := range []string{"CHF:10", "CHF:2", "CHF:0.1"} {
		m.addDenomination(rsaKeys()[n], value, now)
	}
	m.sign()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /config", func(w http.ResponseWriter, _ *http.Request) { m.document(w, m.config) })
	mux.HandleFunc("GET /keys", m.listKeys)
	mux.HandleFunc("GET /terms", func(w http.ResponseWriter, r *http.Request) { m.terms(w, r) })
	mux.HandleFunc("GET /reserves/{pub}", m.reserve)
	mux.HandleFunc("POST /reserves/{pub}/batch-withdraw", m.batchWithdraw)
	mux.HandleFunc("POST /withdraw", m.unifiedWithdraw)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { m.refuse(w, 404, taler.CodeEndpointUnknown) })
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.asked[r.URL.Path]++
		if m.intercept == nil || !m.intercept(w, r) {
			mux.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(m.Close)
	return m
}

func (m *mint) addDenomination(key *crypto.RSAPrivateKey, value string, now taler.Timestamp) {
	fee := amount("CHF:0.01")
	group := taler.DenominationGroup{
		Cipher: taler.CipherRSA, Value: amount(value), FeeWithdraw: fee, FeeDeposit: fee, FeeRefresh: fee, FeeRefund: fee,
		Denoms: []taler.DenominationKey{{
			StampStart: now - 60, StampExpireWithdraw: now + 86400, StampExpireDeposit: now + 2*86400, StampExpireLegal: now + 3*86400,
			RSAPub: key.Public().Encode(),
		}},
	}
	cost, err := group.Value.Add(fee)
	if err != nil {
		panic(err)
	}
	m.keys.Denominations = append(m.keys.Denominations, group)
	m.denoms[denomHash(group, group.Denoms[0])] = &denom{key, cost, group.Value}
}

func denomHash(g taler.DenominationGroup, k taler.DenominationKey) taler.HashCode {
	if len(k.CSPub) > 0 {
		return crypto.DenomHash(g.AgeMask, crypto.CipherCS, k.CSPub)
	}
	return crypto.DenomHash(g.AgeMask, crypto.CipherRSA, k.RSAPub)
}

// sign makes every signature of the keys anew.
func (m *mint) sign() {
	k := &m.keys
	for n, s := range k.SignKeys {
		statement := crypto.SigningKey{Start: s.StampStart, Expire: s.StampExpire, End: s.StampEnd, Key: s.Key}
		k.SignKeys[n].MasterSig = m.master.Sign(statement.Message())
	}
	for n, a := range k.Accounts {
		message, err := crypto.Account{PaytoURI: string(a.PaytoURI)}.Message()
		if err != nil {
			panic(err)
		}
		k.Accounts[n].MasterSig = m.master.Sign(message)
	}
	list := crypto.DenominationList{Issued: k.ListIssueDate}
	for _, g := range k.Denominations {
		for n, d := range g.Denoms {
			g.Denoms[n].MasterSig = m.master.Sign(crypto.Denomination{
				Master: k.MasterPublicKey, Start: d.StampStart, ExpireWithdraw: d.StampExpireWithdraw,
				ExpireDeposit: d.StampExpireDeposit, ExpireLegal: d.StampExpireLegal, Value: g.Value,
				FeeWithdraw: g.FeeWithdraw, FeeDeposit: g.FeeDeposit, FeeRefresh: g.FeeRefresh, FeeRefund: g.FeeRefund, Denom: denomHash(g, d),
			}.Message())
			list.MasterSigs = append(list.MasterSigs, g.Denoms[n].MasterSig)
		}
	}
	for method, fees := range k.WireFees {
		for n, f := range fees {
			fees[n].Sig = m.master.Sign(crypto.WireFee{Method: method, Start: f.StartDate, End: f.EndDate, Wire: f.WireFee, Closing: f.ClosingFee}.Message())
		}
	}
	for n, f := range k.GlobalFees {
		k.GlobalFees[n].MasterSig = m.master.Sign(crypto.GlobalFee{
			Start: f.StartDate, End: f.EndDate, PurseTimeout: f.PurseTimeout, HistoryExpiration: f.HistoryExpiration,
			History: f.HistoryFee, Account: f.AccountFee, Purse: f.PurseFee, PurseAccountLimit: f.PurseAccountLimit,
		}.Message())
	}
	if extensions, err := (crypto.Extensions{Object: k.Extensions}).Message(); err == nil {
		k.ExtensionsSig = m.master.Sign(extensions)
	}
	m.audit()
	k.ExchangePub, k.ExchangeSig = m.online.Public(), m.online.Sign(list.Message())
}

// audit has the auditor vouch for the first denomination.
func (m *mint) audit() {
	if len(m.keys.Auditors) == 0 {
		return
	}
	g := m.keys.Denominations[0]
	d := g.Denoms[0]
	name := denomHash(g, d)
	m.keys.Auditors[0].DenominationKeys = []taler.AuditorDenomination{{DenomPubHash: name, AuditorSig: m.auditor.Sign(crypto.AuditedDenomination{
		AuditorURL: m.keys.Auditors[0].AuditorURL,
		Denomination: crypto.Denomination{
			Master: m.keys.MasterPublicKey, Start: d.StampStart, ExpireWithdraw: d.StampExpireWithdraw,
			ExpireDeposit: d.StampExpireDeposit, ExpireLegal: d.StampExpireLegal, Value: g.Value,
			FeeWithdraw: g.FeeWithdraw, FeeDeposit: g.FeeDeposit, FeeRefresh: g.FeeRefresh, FeeRefund: g.FeeRefund, Denom: name,
		},
	}.Message())}}
}

func (m *mint) document(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// listKeys answers as the real exchange does: the tag is bare.
func (m *mint) listKeys(w http.ResponseWriter, r *http.Request) {
	body, err := json.Marshal(m.keys)
	if err != nil {
		panic(err)
	}
	tag := crypto.H(body).String()
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		m.unchanged++
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write(body)
}

// times is how often a path was asked for.
func (m *mint) times(path string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.asked[path]
}

// proof is a refusal with the exchange's word for it.
func (m *mint) proof(code taler.Code, name taler.HashCode) string {
	at := crypto.At(time.Now())
	out := taler.ExchangeError{ErrorDetail: taler.ErrorDetail{Code: code, Hint: "no"}, Timestamp: at, HDenomPub: &name, ExchangePub: m.online.Public()}
	message := crypto.DenominationUnknown{At: at, Denom: name}.Message()
	if code != taler.CodeDenominationUnknown {
		out.Oper = "batch-withdraw"
		message = crypto.DenominationExpired{At: at, Operation: out.Oper, Denom: name}.Message()
	}
	out.ExchangeSig = m.online.Sign(message)
	text, err := json.Marshal(out)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func (m *mint) refuse(w http.ResponseWriter, status int, code taler.Code) {
	w.WriteHeader(status)
	m.document(w, taler.ErrorDetail{Code: code, Hint: "no"})
}

func (m *mint) reserve(w http.ResponseWriter, r *http.Request) {
	pub, err := crypto.ParseEddsaPublicKey(r.PathValue("pub"))
	balance, known := m.balances[pub]
	if err != nil || !known {
		m.refuse(w, 404, taler.CodeReserveUnknown)
		return
	}
	m.document(w, taler.ReserveStatus{Balance: balance})
}

// with changes the exchange between two requests.
func (m *mint) with(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
}

// always answers every request of a method so.
func (m *mint) always(method string, status int, body string) {
	m.with(func() {
		m.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != method {
				return false
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
			return true
		}
	})
}
