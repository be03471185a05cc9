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
	denoms         map[taler.HashCode]*denom

	mu        sync.Mutex
	keys      taler.Keys
	config    taler.ExchangeConfig
	balances  map[taler.EddsaPublicKey]taler.Amount
	issued    map[taler.HashCode]taler.Blob // by envelope
	requests  [][]byte                      // bodies of batch-withdraw, as they came
	intercept func(w http.ResponseWriter, r *http.Request) bool
	corrupt   func(*taler.BatchWithdrawResponse)
	terms     http.HandlerFunc
}

type denom struct {
	key  *crypto.RSAPrivateKey
	cost taler.Amount
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
		master: eddsaKey(), online: eddsaKey(), denoms: map[taler.HashCode]*denom{},
		balances: map[taler.EddsaPublicKey]taler.Amount{}, issued: map[taler.HashCode]taler.Blob{},
		config: taler.ExchangeConfig{Name: taler.ExchangeName, Version: taler.Version{Current: 23, Age: 6}, Currency: "CHF"},
	}
	now := crypto.At(time.Now())
	m.keys = taler.Keys{
		Version: m.config.Version, Currency: "CHF", MasterPublicKey: m.master.Public(), ListIssueDate: now,
		ReserveClosingDelay: crypto.Lasting(24 * time.Hour), AssetType: "regional",
		StefanAbs: amount("CHF:0"), StefanLog: amount("CHF:0"), CurrencySpecification: taler.PlainCurrency("CHF"),
		SignKeys: []taler.SignKey{{StampStart: now - 60, StampExpire: now + 86400, StampEnd: now + 2*86400, Key: m.online.Public()}},
		Accounts: []taler.ExchangeAccount{{PaytoURI: exchangePayto}},
	}
	for n, value := range []string{"CHF:10", "CHF:2", "CHF:0.1"} {
		m.addDenomination(rsaKeys()[n], value, now)
	}
	m.sign()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /config", func(w http.ResponseWriter, _ *http.Request) { m.document(w, m.config) })
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) { m.document(w, m.keys) })
	mux.HandleFunc("GET /terms", func(w http.ResponseWriter, r *http.Request) { m.terms(w, r) })
	mux.HandleFunc("GET /reserves/{pub}", m.reserve)
	mux.HandleFunc("POST /reserves/{pub}/batch-withdraw", m.withdraw)
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.mu.Lock()
		defer m.mu.Unlock()
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
	m.denoms[denomHash(group, group.Denoms[0])] = &denom{key, cost}
}

func denomHash(g taler.DenominationGroup, k taler.DenominationKey) taler.HashCode {
	if g.Cipher == taler.CipherCS {
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
	k.ExchangePub, k.ExchangeSig = m.online.Public(), m.online.Sign(list.Message())
}

func (m *mint) document(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
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

func (m *mint) withdraw(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	m.requests = append(m.requests, body)
	pub, _ := crypto.ParseEddsaPublicKey(r.PathValue("pub"))
	var in taler.BatchWithdrawRequest
	if err := json.Unmarshal(body, &in); err != nil || len(in.Planchets) == 0 {
		m.refuse(w, 400, taler.CodeJSONInvalid)
		return
	}
	names, total, status, code := m.check(pub, in)
	if status != 0 {
		m.refuse(w, status, code)
		return
	}
	m.document(w, m.issue(pub, in, names, total))
}

// check is the exchange's order: denominations, signatures, reserve, funds.
func (m *mint) check(pub taler.EddsaPublicKey, in taler.BatchWithdrawRequest) (names []taler.HashCode, total taler.Amount, status int, code taler.Code) {
	total = amount("CHF:0")
	fresh := 0
	for _, p := range in.Planchets {
		d := m.denoms[p.DenomPubHash]
		if d == nil {
			return nil, total, 404, taler.CodeDenominationUnknown
		}
		name := crypto.CoinEvHash(p.DenomPubHash, crypto.CipherRSA, p.CoinEv.RSABlindedPlanchet)
		consent := crypto.CoinWithdrawal{AmountWithFee: d.cost, Denom: p.DenomPubHash, CoinEv: name}
		if !pub.Verify(consent.Message(), p.ReserveSig) {
			return nil, total, 403, taler.CodeReserveSignature
		}
		names = append(names, name)
		if m.issued[name] == nil {
			fresh++
			total, _ = total.Add(d.cost)
		}
	}
	balance, known := m.balances[pub]
	switch {
	case fresh == 0:
	case fresh < len(names):
		return nil, total, 409, taler.CodeBatchPartlyWithdrawn
	case !known:
		return nil, total, 404, taler.CodeReserveUnknown
	default:
		if less, _ := balance.Cmp(total); less < 0 {
			return nil, total, 409, taler.CodeInsufficientFunds
		}
	}
	return names, total, 0, 0
}

func (m *mint) issue(pub taler.EddsaPublicKey, in taler.BatchWithdrawRequest, names []taler.HashCode, total taler.Amount) taler.BatchWithdrawResponse {
	if !total.IsZero() {
		m.balances[pub], _ = m.balances[pub].Sub(total)
	}
	var out taler.BatchWithdrawResponse
	for n, p := range in.Planchets {
		if m.issued[names[n]] == nil {
			signed, err := m.denoms[p.DenomPubHash].key.SignBlinded(p.CoinEv.RSABlindedPlanchet)
			if err != nil {
				panic(err)
			}
			m.issued[names[n]] = signed
		}
		out.EvSigs = append(out.EvSigs, taler.EvSig{EvSig: taler.BlindSignature{Cipher: taler.CipherRSA, BlindedRSASignature: m.issued[names[n]]}})
	}
	if m.corrupt != nil {
		m.corrupt(&out)
	}
	return out
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
