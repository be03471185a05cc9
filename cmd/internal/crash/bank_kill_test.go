//go:build unix

package crash_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/bank/banktest"
)

// concurrent is how many withdrawals are made at a time.
const concurrent = 32

// TestKillTheBank kills a bank at random during 32 concurrent withdrawals, again
// and again, while everybody repeats what had no answer. Nothing that was answered
// is lost, nothing is there twice, and the books agree with the provider's.
func TestKillTheBank(t *testing.T) {
	t.Parallel()
	w := newBankWorld(t, false)
	w.kills(t, *bankKills)
	for _, problem := range w.verdict(t) {
		t.Error(problem)
	}
	if t.Failed() {
		t.Log(tail(t, w.keeper.log))
	}
	t.Logf("%d kills, %d withdrawals begun, %d confirmed", *bankKills, len(w.seen), w.confirmed())
}

// TestABankThatAnswersBeforeItCommits is the control: the same run with the answer
// sent before the commit, which the checks must find.
func TestABankThatAnswersBeforeItCommits(t *testing.T) {
	t.Parallel()
	w := newBankWorld(t, true)
	w.kills(t, 3)
	problems := strings.Join(w.verdict(t), "\n")
	if !strings.Contains(problems, "is lost") {
		t.Errorf("the checks say %q", problems)
	}
}

// bankWorld is a bank, its provider, tills, wallets and the exchange.
type bankWorld struct {
	keeper   *keeper
	dir, url string
	provider *banktest.Provider
	login    banktest.Login
	gateway  bank.Gateway

	acks chan struct{} // one for each answer
	over chan struct{} // closed when no more withdrawals are to be begun

	mu   sync.Mutex
	seen []*answers
	rows []taler.IncomingTransaction // as the exchange has read them
	odd  []string                    // what should never be answered
}

// answers are what the bank has answered about a withdrawal.
type answers struct {
	request                      string
	id                           taler.WOPID
	reserve                      taler.EddsaPublicKey
	selected, noticed, confirmed bool
}

func newBankWorld(t *testing.T, early bool) *bankWorld {
	t.Helper()
	w := &bankWorld{dir: filepath.Join(t.TempDir(), "bank"), provider: banktest.NewProvider(), acks: make(chan struct{}), over: make(chan struct{})}
	pay := httptest.NewServer(w.provider)
	t.Cleanup(pay.Close)
	check(t, house.Init(t.Context(), house.Files{Dir: w.dir}, "bank", nil))
	w.looks(t, func(b *bank.Bank) {
		check(t, b.AddProvider(t.Context(), bank.Provider{Name: banktest.ProviderName, Kind: "simulator", URL: pay.URL}))
		login, token, err := b.AddTerminal(t.Context(), "till", banktest.ProviderName)
		check(t, err)
		w.login = banktest.Login{Name: login, Token: token}
		w.gateway, err = b.AddGateway(t.Context(), banktest.GatewayName)
		check(t, err)
	})
	p := part{Role: comm.Bank, Dir: w.dir, Listen: port(t), Early: early}
	w.url = "http://" + p.Listen + "/"
	var err error
	w.keeper, _, err = keep(p, filepath.Join(filepath.Dir(w.dir), "bank.log"))
	check(t, err)
	t.Cleanup(w.keeper.close)
	return w
}

// looks opens the bank beside whoever serves.
func (w *bankWorld) looks(t *testing.T, do func(*bank.Bank)) {
	t.Helper()
	o := bankOptions(w.dir)
	o.Looking = true
	h, err := house.Open(t.Context(), o)
	check(t, err)
	do(bank.Look(t.Context(), h.Controller, bankConfig()))
	check(t, h.Close(context.Background()))
}

// kills has withdrawals made and kills the bank so many times, each time after a
// random number of its answers. Then all that was begun is ended.
func (w *bankWorld) kills(t *testing.T, times int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	via := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: concurrent}}
	var work, reading sync.WaitGroup
	for n := range concurrent {
		work.Go(func() { w.till(ctx, t, via, n) })
	}
	reading.Go(func() { w.exchange(ctx, t, via) })
	for range times {
		for range 1 + rand.IntN(3*concurrent) {
			select {
			case <-w.acks:
			case <-time.After(patience):
				t.Fatalf("the bank does not answer any more\n%s", tail(t, w.keeper.log))
			}
		}
		life, err := w.keeper.life()
		check(t, err)
		life.kill()
	}
	close(w.over)
	work.Wait()
	cancel()
	reading.Wait()
}

// answered tells who kills.
func (w *bankWorld) answered(note func()) {
	w.mu.Lock()
	note()
	w.mu.Unlock()
	select {
	case w.acks <- struct{}{}:
	case <-w.over:
	}
}

func (w *bankWorld) strange(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.odd = append(w.odd, fmt.Sprintf(format, args...))
}

func (w *bankWorld) confirmed() (n int) {
	for _, s := range w.seen {
		if s.confirmed {
			n++
		}
	}
	return n
}

// till makes one withdrawal after the other.
func (w *bankWorld) till(ctx context.Context, t *testing.T, via *http.Client, n int) {
	till, err := taler.NewClient(w.url, via, taler.Basic(w.login.Name, w.login.Token))
	if err != nil {
		t.Error(err)
		return
	}
	wallet, err := taler.NewClient(w.url+"taler-integration/", via, taler.Anonymous())
	if err != nil {
		t.Error(err)
		return
	}
	for k := 0; ; k++ {
		select {
		case <-w.over:
			return
		default:
			w.withdraw(ctx, till, wallet, fmt.Sprintf("%d-%d", n, k))
		}
	}
}

// withdraw makes a withdrawal, and leaves it where the bank knows nothing of it.
func (w *bankWorld) withdraw(ctx context.Context, till, wallet *taler.Client, request string) {
	s := &answers{request: request}
	for n := range s.reserve {
		s.reserve[n] = byte(rand.Uint32())
	}
	amount := taler.Amount{Currency: banktest.Currency, Value: 20}
	if !repeated(ctx, func() error {
		out, err := till.SetUp(ctx, taler.TerminalWithdrawalSetup{RequestUID: request, Amount: amount})
		s.id = out.WithdrawalID
		return err
	}) {
		w.strange("the request %s is refused", request)
		return
	}
	w.answered(func() { w.seen = append(w.seen, s) })
	transaction := "tx-" + request
	w.provider.Put(banktest.Payment{ID: transaction, State: "paid", Amount: amount, Reference: s.id.Text()})
	if !repeated(ctx, func() error {
		_, err := wallet.Select(ctx, s.id, taler.BankWithdrawalOperationPostRequest{ReservePub: s.reserve, SelectedExchange: banktest.ExchangeAccount})
		return err
	}) {
		return
	}
	w.answered(func() { s.selected = true })
	if !repeated(ctx, func() error {
		return till.Check(ctx, s.id, taler.TerminalWithdrawalConfirmationRequest{ProviderTransactionID: transaction})
	}) {
		return
	}
	w.answered(func() { s.noticed = true })
	for range 5 {
		var got taler.BankWithdrawalOperationStatus
		if !repeated(ctx, func() (err error) {
			got, err = wallet.Operation(ctx, s.id, taler.LongPoll{Timeout: time.Second, OldState: taler.StateSelected})
			return err
		}) {
			return
		}
		if got.Status == taler.StateConfirmed {
			w.answered(func() { s.confirmed = true })
			return
		}
	}
}
