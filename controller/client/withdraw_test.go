package client_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/inproc"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/instrument"
)

// TestAReserveThatGetsNoMoneyIsGivenUp goes on with a withdrawal that is selected,
// at a bank that has decided otherwise.
func TestAReserveThatGetsNoMoneyIsGivenUp(t *testing.T) {
	for _, row := range []struct {
		name string
		says func(own taler.EddsaPublicKey, s *taler.BankWithdrawalOperationStatus)
		why  string
	}{
		{"aborted", func(own taler.EddsaPublicKey, s *taler.BankWithdrawalOperationStatus) {
			s.Status, s.Aborted = taler.StateAborted, true
		}, "aborted"},
		{"another wallet has it", func(own taler.EddsaPublicKey, s *taler.BankWithdrawalOperationStatus) {
			s.Status, s.SelectedReservePub = taler.StateSelected, taler.EddsaPublicKey{9}
		}, "another wallet"},
		{"confirmed for another wallet", func(own taler.EddsaPublicKey, s *taler.BankWithdrawalOperationStatus) {
			s.Status, s.SelectedReservePub = taler.StateConfirmed, taler.EddsaPublicKey{9}
		}, "another wallet"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w, b := newWallet(t, inproc.NewNetwork()), newBank(t)
			id, pub := w.reserve(t, taler.ReserveSelected, b.uri(t, 1), 1, nil)
			b.says(func(s *taler.BankWithdrawalOperationStatus) { row.says(pub, s) })
			p := &person{}
			err := w.Withdraw(t.Context(), client.Withdrawal{URI: b.uri(t, 1)}, p)
			if !errors.Is(err, fault.Declined) || p.last().Event != "aborted" || !strings.Contains(p.last().Reason, row.why) {
				t.Errorf("error %v, last event %+v", err, p.last())
			}
			if got := w.party.View(t, id).Status; got != taler.ReserveAborted {
				t.Errorf("the reserve is %s", got)
			}
			if b.times("POST") != 0 {
				t.Error("something was asked for")
			}
		})
	}
}

// TestARefusedSelectionIsTheEndOfItsCode: nothing goes on under it, and nobody is told that
// it does. The key stays, for what a bank pays to it all the same.
func TestARefusedSelectionIsTheEndOfItsCode(t *testing.T) {
	for code, reason := range map[string]fault.Reason{
		"5102": taler.ReasonAmountOutOfRange, "5106": taler.ReasonUnknownAccount, "5113": taler.ReasonSelectionConflict, "5114": taler.ReasonReserveTaken,
		"5148": taler.ReasonAmountDiffers, "5153": taler.ReasonUpdateAbortConflict, "9999": taler.ReasonServerRefused,
	} {
		t.Run(code, func(t *testing.T) {
			w, b := newWallet(t, inproc.NewNetwork()), newBank(t)
			id, pub := w.reserve(t, taler.ReserveCreated, b.uri(t, 1), 1, nil)
			b.refuse = `{"code":` + code + `}`
			err := w.Withdraw(t.Context(), client.Withdrawal{URI: b.uri(t, 1)}, &person{})
			if f := fault.From(err); f == nil || f.Kind != fault.Conflict || f.Reason != reason || !strings.HasPrefix(f.Hint, "ask for a new QR code") || strings.Contains(f.Hint, "resume") {
				t.Errorf("error %v, advised: %s", err, fault.From(err).Hint)
			}
			p := &person{}
			err = w.Withdraw(t.Context(), client.Withdrawal{URI: b.uri(t, 1)}, p)
			if f := fault.From(err); f == nil || f.Kind != fault.Declined || f.Hint != "ask for a new QR code" || p.last().Event != "aborted" {
				t.Errorf("the same code again: %v, advised: %s, last event %+v", err, fault.From(err).Hint, p.last())
			}
			i := w.party.View(t, id)
			var r taler.Reserve
			if check(t, i.Decode(&r)); i.Status != taler.ReserveAborted || r.ReservePub != pub || r.ReservePriv == (taler.StoredSecret{}) {
				t.Errorf("the reserve is %s, of the key %s", i.Status, r.ReservePub)
			}
		})
	}
}

// A code that names nothing was cut or written in capitals, or is over.
func TestACodeThatNamesNothingSaysWhatToDo(t *testing.T) {
	for bank, hint := range map[string]string{"": "there is no bank at the address", "config": "ask for a new QR code"} {
		w := newWallet(t, inproc.NewNetwork())
		server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
			out.Header().Set("Content-Type", "application/json")
			if bank != "" && strings.HasSuffix(r.URL.Path, bank) {
				_, _ = out.Write([]byte(`{"name":"taler-bank-integration","version":"2:0:2","currency":"CHF"}`))
				return
			}
			out.WriteHeader(http.StatusNotFound)
			_, _ = out.Write([]byte(`{"code":5107,"hint":"no"}`))
		}))
		uri, err := taler.NewWithdrawURI(server.URL, taler.WOPID{1}.ID())
		check(t, err)
		err = w.Withdraw(t.Context(), client.Withdrawal{URI: uri}, &person{})
		if f := fault.From(err); !errors.Is(err, fault.NotFound) || !strings.Contains(f.Hint, hint) {
			t.Errorf("%v; what to do: %q", err, f.Hint)
		}
		server.Close()
	}
}

func TestAWithdrawalThatIsNotPendingIsNobodysToTake(t *testing.T) {
	for state, reason := range map[taler.State]fault.Reason{
		taler.StateSelected: taler.ReasonSelectionConflict, taler.StateConfirmed: taler.ReasonSelectionConflict, taler.StateAborted: "withdrawal-aborted",
	} {
		w, b := newWallet(t, inproc.NewNetwork()), newBank(t)
		b.says(func(s *taler.BankWithdrawalOperationStatus) { s.Status = state })
		err := w.Withdraw(t.Context(), client.Withdrawal{URI: b.uri(t, 1), Exchange: exchangeURL}, &person{})
		if !errors.Is(err, fault.Conflict) || fault.ReasonOf(err) != reason || b.times("POST") != 0 {
			t.Errorf("%s: %v, %q", state, err, fault.ReasonOf(err))
		}
	}
}

// TestACodeOfNoBank says what may be wrong with the code.
func TestACodeOfNoBank(t *testing.T) {
	w := newWallet(t, inproc.NewNetwork())
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	uri, err := taler.NewWithdrawURI(server.URL+"/BANK", taler.WOPID{1}.ID())
	check(t, err)
	err = w.Withdraw(t.Context(), client.Withdrawal{URI: uri, Exchange: exchangeURL}, &person{})
	if f := fault.From(err); f == nil || f.Kind != fault.NotFound || !strings.Contains(f.Hint, "small letters and capitals") {
		t.Errorf("error = %v", err)
	}
}

// TestANewExchangeIsThePersonsToName keeps a bank from choosing one.
func TestANewExchangeIsThePersonsToName(t *testing.T) {
	w, b := newWallet(t, inproc.NewNetwork()), newBank(t)
	err := w.Withdraw(t.Context(), client.Withdrawal{URI: b.uri(t, 1)}, &person{})
	if f := fault.From(err); f == nil || f.Reason != "input-needed" || !strings.Contains(f.Hint, exchangeURL) {
		t.Errorf("error = %v", err)
	}
	b.says(func(s *taler.BankWithdrawalOperationStatus) { s.RequiredExchange = exchangeURL })
	err = w.Withdraw(t.Context(), client.Withdrawal{URI: b.uri(t, 1), Exchange: "https://other.example.com"}, &person{})
	if fault.ReasonOf(err) != "exchange-differs" {
		t.Errorf("another than the required one: %v", err)
	}
}

// TestInterruptedItStaysPending ends the wait for the bank's verdict.
func TestInterruptedItStaysPending(t *testing.T) {
	w, b := newWallet(t, inproc.NewNetwork()), newBank(t)
	id, pub := w.reserve(t, taler.ReserveSelected, b.uri(t, 1), 1, nil)
	b.says(func(s *taler.BankWithdrawalOperationStatus) {
		s.Status, s.SelectedReservePub = taler.StateSelected, pub
	})
	ctx, cut := context.WithCancel(t.Context())
	defer cut()
	b.held = cut
	err := w.Withdraw(ctx, client.Withdrawal{URI: b.uri(t, 1)}, &person{})
	if f := fault.From(err); f == nil || f.Kind != fault.Unknown || f.Reason != "pending" {
		t.Errorf("error = %v", err)
	}
	if got := w.party.View(t, id).Status; got != taler.ReserveSelected {
		t.Errorf("the reserve is %s", got)
	}
}

// TestABankThatDoesNotHoldALongPollIsAskedAtAPace: the third answer comes no sooner
// than after two pauses.
func TestABankThatDoesNotHoldALongPollIsAskedAtAPace(t *testing.T) {
	w, b := newWallet(t, inproc.NewNetwork()), newBank(t)
	_, pub := w.reserve(t, taler.ReserveSelected, b.uri(t, 1), 1, nil)
	b.says(func(s *taler.BankWithdrawalOperationStatus) {
		s.Status, s.SelectedReservePub = taler.StateAborted, pub
	})
	b.early = 2
	began := time.Now()
	err := w.Withdraw(t.Context(), client.Withdrawal{URI: b.uri(t, 1)}, &person{})
	if !errors.Is(err, fault.Declined) || b.times("GET") != 3 {
		t.Errorf("after %d requests: %v", b.times("GET"), err)
	}
	if took := time.Since(began); took < 480*time.Millisecond { // a fifth less than 200 and 400
		t.Errorf("it asked three times within %s", took)
	}
}

// TestABankMayWantThePersonToConfirm: libeufin's bank waits for them on a page of its
// own, which the document alone names.
func TestABankMayWantThePersonToConfirm(t *testing.T) {
	const unsaid = "the bank has not confirmed the payment yet"
	long := "https://bank.example/confirm?token=" + strings.Repeat("0123456789", 30)
	for page, want := range map[string]string{
		"":                        unsaid,
		"javascript:alert(1)":     unsaid,
		"https://me@bank.example": unsaid,
		"https://bank.example/webui/#/operation/7": unsaid + ": confirm it at https://bank.example/webui/#/operation/7",
		long:                               unsaid + ": confirm it at " + long,
		long + strings.Repeat("0", 2000):   unsaid,
		"https://bank.example/?to=\u202e7": unsaid,
	} {
		w, b, p := newWallet(t, inproc.NewNetwork()), newBank(t), &person{}
		_, pub := w.reserve(t, taler.ReserveSelected, b.uri(t, 1), 1, nil)
		b.says(func(s *taler.BankWithdrawalOperationStatus) {
			s.Status, s.SelectedReservePub, s.ConfirmTransferURL = taler.StateAborted, pub, page
		})
		b.early = 1
		if err := w.Withdraw(t.Context(), client.Withdrawal{URI: b.uri(t, 1)}, p); !errors.Is(err, fault.Declined) {
			t.Errorf("%q: %v", page, err)
		}
		var waited string
		for _, e := range p.events {
			if e.Event == client.EventWaiting {
				waited = e.Reason
			}
		}
		if waited != want {
			t.Errorf("%q is shown as %q", page, waited)
		}
	}
}

func TestWhatIsDoneIsDoneWithoutTheBank(t *testing.T) {
	w, b := newWallet(t, inproc.NewNetwork()), newBank(t)
	uri := b.uri(t, 1)
	b.Close()
	w.reserve(t, taler.ReserveDone, uri, 1, func(r *taler.Reserve) { r.Value, r.Coins = r.Amount, 2 })
	p := &person{}
	if err := w.Withdraw(t.Context(), client.Withdrawal{URI: uri}, p); err != nil || p.last().Event != "done" || p.last().Coins != 2 || p.last().Fees.String() != "CHF:0" {
		t.Errorf("error %v, last event %+v", err, p.last())
	}
}

func TestAWithdrawalIsFoundByItsNames(t *testing.T) {
	w, b := newWallet(t, inproc.NewNetwork()), newBank(t)
	one, _ := w.reserve(t, taler.ReserveSelected, b.uri(t, 1), 1, nil)
	w.reserve(t, taler.ReserveAborted, b.uri(t, 2), 2, func(r *taler.Reserve) { r.Reason = "gone" })
	wopid := b.uri(t, 1).ID.Text()
	for _, row := range []struct {
		name, text string
		found      bool
	}{
		{"the WOPID", wopid, true},
		{"its beginning", wopid[:8], true},
		{"its beginning in small letters", strings.ToLower(wopid[:9]), true},
		{"too short a beginning", wopid[:7], false},
		{"the operation", string(one[len(one)-12:]), true},
		{"nothing", "", false},
		{"another", "ZZZZZZZZZZ", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := w.FindWithdrawal(t.Context(), row.text)
			if row.found && (err != nil || got.URI() != b.uri(t, 1)) || !row.found && !errors.Is(err, fault.NotFound) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	all, err := w.Withdrawals(t.Context())
	if err != nil || len(all) != 2 || all[1].Reason != "gone" || all[0].Amount.String() != "CHF:20" || all[0].Remainder != all[0].Amount || !all[1].Remainder.IsZero() {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestBalancesAddUpCoinsAndReserves(t *testing.T) {
	w, b := newWallet(t, inproc.NewNetwork()), newBank(t)
	for n, value := range []string{"CHF:10", "CHF:2.5", "EUR:1"} {
		i := instrument.Instance{Class: client.ClassCoin, Status: taler.CoinFresh, Keys: map[string]string{"coin_pub": value}}
		check(t, i.Encode(taler.Coin{Value: amount(t, value), ExchangeURL: exchangeURL, Index: uint32(n)}))
		w.party.Create(t, i)
	}
	w.reserve(t, taler.ReserveSelected, b.uri(t, 1), 1, nil)
	w.reserve(t, taler.ReserveCreated, b.uri(t, 2), 2, nil)
	w.reserve(t, taler.ReserveAborted, b.uri(t, 3), 3, nil)
	got, err := w.Balances(t.Context())
	check(t, err)
	if len(got) != 2 || got[0].Available.String() != "CHF:12.5" || got[0].Pending.String() != "CHF:20" || got[0].Coins != 2 ||
		got[1].Available.String() != "EUR:1" || got[1].Pending.String() != "EUR:0" || got[1].Coins != 1 {
		t.Errorf("%+v", got)
	}
}

// TestCoinsOfABackupAreNotAvailable before they are checked.
func TestCoinsOfABackupAreNotAvailable(t *testing.T) {
	w := newWallet(t, inproc.NewNetwork())
	for n, value := range []string{"CHF:10", "CHF:2.5"} {
		i := instrument.Instance{Class: client.ClassCoin, Status: taler.CoinFresh, Keys: map[string]string{"coin_pub": value}}
		check(t, i.Encode(taler.Coin{Value: amount(t, value), ExchangeURL: exchangeURL, Index: uint32(n)}))
		if id := w.party.Create(t, i); n == 0 {
			w.Unchecked = func(context.Context) ([]instrument.ID, error) { return []instrument.ID{id}, nil }
		}
	}
	got, err := w.Balances(t.Context())
	check(t, err)
	if len(got) != 1 || got[0].Available.String() != "CHF:2.5" || got[0].Unchecked.String() != "CHF:10" || got[0].Coins != 2 {
		t.Errorf("%+v", got)
	}
}

// TestAWithdrawalKeepsItsAmount, whatever is said when it goes on.
func TestAWithdrawalKeepsItsAmount(t *testing.T) {
	w, b := newWallet(t, inproc.NewNetwork()), newBank(t)
	w.reserve(t, taler.ReserveDone, b.uri(t, 1), 1, func(r *taler.Reserve) { r.Value = r.Amount })
	err := w.Withdraw(t.Context(), client.Withdrawal{URI: b.uri(t, 1), Amount: amount(t, "CHF:5")}, &person{})
	if !errors.Is(err, fault.Invalid) || fault.ReasonOf(err) != taler.ReasonAmountDiffers {
		t.Errorf("another amount: %v", err)
	}
	check(t, w.Withdraw(t.Context(), client.Withdrawal{URI: b.uri(t, 1), Amount: amount(t, "CHF:20")}, &person{}))
}

// TestABankNamesAnExchangeByItsAddress or not at all: what it says is shown to a
// person and asked for.
func TestABankNamesAnExchangeByItsAddress(t *testing.T) {
	for _, said := range []string{"http://127.0.0.1:1/\x1b[31mevil", "javascript:alert(1)", "exchange.example.com", "https://gary@exchange.example.com/", "https://"} {
		w, b := newWallet(t, inproc.NewNetwork()), newBank(t)
		for name, as := range map[string]func(*taler.BankWithdrawalOperationStatus){
			"suggested": func(s *taler.BankWithdrawalOperationStatus) { s.SuggestedExchange, s.RequiredExchange = said, "" },
			"required":  func(s *taler.BankWithdrawalOperationStatus) { s.SuggestedExchange, s.RequiredExchange = "", said },
		} {
			b.says(as)
			err := w.Withdraw(t.Context(), client.Withdrawal{URI: b.uri(t, 1)}, &person{})
			if f := fault.From(err); f == nil || f.Reason != taler.ReasonAddressRefused || strings.Contains(f.Message+f.Hint, said) {
				t.Errorf("%q, %s: %v", said, name, err)
			}
		}
	}
	w, b := newWallet(t, inproc.NewNetwork()), newBank(t)
	b.says(func(s *taler.BankWithdrawalOperationStatus) { s.SuggestedExchange = "" })
	if err := w.Withdraw(t.Context(), client.Withdrawal{URI: b.uri(t, 1)}, &person{}); fault.ReasonOf(err) != "input-needed" || !strings.HasSuffix(fault.From(err).Hint, "--exchange URL") {
		t.Errorf("no exchange: %v", err)
	}
}

// What nobody can be asked about is given up by a person's word, unless coins were asked for or the bank
// knows of a payment. The key stays.
func TestAWithdrawalIsForgone(t *testing.T) {
	for _, row := range []struct {
		status string
		there  bool // the bank
		reason fault.Reason
		left   string
	}{
		{taler.ReserveCreated, false, "", taler.ReserveAborted},
		{taler.ReserveSelected, false, "", taler.ReserveAborted},
		{taler.ReserveSelected, true, "not-abandonable", taler.ReserveSelected},
		{taler.ReserveSent, false, "instrument-unknown", taler.ReserveSent}, // its exchange cannot be asked
		{taler.ReserveDone, false, "not-abandonable", taler.ReserveDone},
	} {
		w, b := newWallet(t, inproc.NewNetwork()), newBank(t)
		id, pub := w.reserve(t, row.status, b.uri(t, 1), 1, nil)
		b.says(func(s *taler.BankWithdrawalOperationStatus) {
			s.Status, s.SelectedReservePub = taler.StateConfirmed, pub
		})
		b.refuse = `{"code":5116}`
		if !row.there {
			b.Close()
		}
		all, err := w.Withdrawals(t.Context())
		check(t, err)
		err = w.ForgoWithdrawal(t.Context(), all[0], "given up")
		i := w.party.View(t, id)
		var r taler.Reserve
		if check(t, i.Decode(&r)); fault.ReasonOf(err) != row.reason || i.Status != row.left || r.ReservePriv == (taler.StoredSecret{}) {
			t.Errorf("%s: it is %s, and ended with %v (%s)", row.status, i.Status, err, fault.ReasonOf(err))
		}
	}
}

// Whoever names another exchange for a withdrawal than it was begun with does not get its coins there.
func TestAWithdrawalStaysAtItsExchange(t *testing.T) {
	for name, reason := range map[string]fault.Reason{"https://other.example/": "exchange-differs", strings.TrimSuffix(exchangeURL, "/"): "withdrawal-aborted", "": "withdrawal-aborted"} {
		w, b := newWallet(t, inproc.NewNetwork()), newBank(t)
		w.reserve(t, taler.ReserveSelected, b.uri(t, 1), 1, nil)
		b.says(func(s *taler.BankWithdrawalOperationStatus) { s.Status, s.Aborted = taler.StateAborted, true })
		err := w.Withdraw(t.Context(), client.Withdrawal{URI: b.uri(t, 1), Exchange: name}, &person{})
		if fault.ReasonOf(err) != reason {
			t.Errorf("%q: it ended with %v (%s)", name, err, fault.ReasonOf(err))
		}
	}
}
