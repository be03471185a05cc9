package exchange_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/instrument"
)

// refusal is an answer that anybody could have made: nothing in it is signed.
func refusal(status int, code taler.Code) answer {
	body, _ := json.Marshal(taler.ErrorDetail{Code: code, Hint: "no"})
	return answer{status: status, header: http.Header{"Content-Type": {"application/json"}}, body: body}
}

// TestOneRequestIsSentUntilItIsAnswered, whatever is said in between that proves
// nothing: the wallet goes on by itself, with the same bytes.
func TestOneRequestIsSentUntilItIsAnswered(t *testing.T) {
	busy := answer{status: http.StatusServiceUnavailable, header: http.Header{}}
	for _, row := range []struct {
		name string
		lost bool     // the first answer: the exchange has made the coins
		then []answer // what comes before the exchange is heard again
	}{
		{"nobody has answered", true, nil},
		{"the exchange is busy", false, []answer{busy, busy}},
		{"a revocation after silence", true, []answer{refusal(410, taler.CodeDenominationRevoked)}},
		{"a lost key after silence", true, []answer{refusal(410, taler.CodeDenominationKeyLost), refusal(410, taler.CodeDenominationKeyLost)}},
		{"too little money after silence", true, []answer{refusal(409, taler.CodeInsufficientFunds)}},
		{"an unknown denomination, without proof", false, []answer{refusal(404, taler.CodeDenominationUnknown)}},
		{"no such endpoint after silence", true, []answer{refusal(404, taler.CodeEndpointUnknown)}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			var sent []string
			server := w.relay(func(part string, body []byte, ask func() answer) answer {
				if part != "batch-withdraw" {
					return ask()
				}
				sent = append(sent, string(body))
				n := len(sent)
				if row.lost {
					if n == 1 {
						ask()
						return answer{}
					}
					n--
				}
				if n <= len(row.then) {
					return row.then[n-1]
				}
				return ask()
			})
			wallet := w.wallet()
			c := &customer{w: w}
			want := client.Withdrawal{Exchange: server.URL, Amount: amount(t, "CHF:3.27"), Key: "one"}
			if err := wallet.WithdrawByTransfer(t.Context(), want, c); err != nil || !c.done {
				t.Fatalf("%v, %+v", err, c.last)
			}
			w.settled(wallet, 1)
			for n, body := range sent {
				if body != sent[0] {
					t.Errorf("request %d is another one", n+1)
				}
			}
			if least := 1 + len(row.then); len(sent) < least {
				t.Errorf("it was sent %d times", len(sent))
			}
		})
	}
}

// TestAWordAloneIsNotTaken: another request follows only where the exchange's keys bear
// a revocation out, and what it has does not show that the coins were made.
func TestAWordAloneIsNotTaken(t *testing.T) {
	for _, row := range []struct {
		name           string
		made, shown    bool // the coins, by the exchange behind; the revocation, in its keys
		anotherFollows bool
	}{
		{"nothing bears it out", false, false, false},
		{"its keys bear it out", false, true, true},
		{"the coins were made", true, false, false},
		{"the coins were made, whatever its keys say", true, true, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			var sent []taler.BatchWithdrawRequest
			server := w.relay(func(part string, body []byte, ask func() answer) answer {
				if part == "keys" && row.shown && len(sent) > 0 {
					revoked, _ := json.Marshal([]taler.Recoup{{HDenomPub: sent[0].Planchets[0].DenomPubHash}})
					a := ask()
					a.header.Del("ETag")
					a.body = bytes.Replace(a.body, []byte(`"recoup":[]`), append([]byte(`"recoup":`), revoked...), 1)
					return a
				}
				if part != "batch-withdraw" {
					return ask()
				}
				var request taler.BatchWithdrawRequest
				if err := json.Unmarshal(body, &request); err != nil {
					t.Error(err)
				}
				if sent = append(sent, request); len(sent) > 1 {
					return ask()
				}
				if row.made {
					ask()
				}
				return refusal(410, taler.CodeDenominationRevoked)
			})
			wallet := w.wallet()
			c := &customer{w: w}
			if err := wallet.WithdrawByTransfer(t.Context(), client.Withdrawal{Exchange: server.URL, Amount: amount(t, "CHF:3.27"), Key: "one"}, c); err != nil || !c.done {
				t.Fatalf("%v, %+v", err, c.last)
			}
			if !row.anotherFollows { // else of other coins
				w.settled(wallet, 1)
			} else if *c.last.Amount != amount(t, "CHF:3.21") || *c.last.Fees != amount(t, "CHF:0.06") || c.last.Coins != 6 {
				t.Errorf("it ends with %+v", c.last)
			}
			if another := !reflect.DeepEqual(sent[0], sent[1]); len(sent) != 2 || another != row.anotherFollows {
				t.Errorf("%d requests, another one than the first: %v", len(sent), another)
			}
		})
	}
}

// TestLongTermsAreJoined of the pieces in which they come, and are of one version.
func TestLongTermsAreJoined(t *testing.T) {
	w := newWorld(t)
	text := strings.Repeat("Bestimmung für Münzen – ", 9000) // 250 KB, and no piece ends between characters
	versions := []string{"1"}
	server := w.relay(func(part string, _ []byte, ask func() answer) answer {
		a := ask()
		if part == "terms" {
			a.body = []byte(text)
			a.header.Set("Taler-Terms-Version", versions[0])
			if len(versions) > 1 {
				versions = versions[1:]
			}
		}
		return a
	})
	wallet := w.wallet()
	known, err := wallet.AddExchange(t.Context(), server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := wallet.Terms(t.Context(), known); err != nil || got.Text != text || got.Version != "1" || got.Next != 0 {
		t.Errorf("%d bytes of version %q, %v", len(got.Text), got.Version, err)
	}
	versions = []string{"1", "1", "2"}
	if _, err := wallet.Terms(t.Context(), known); fault.ReasonOf(err) != "terms-changed" {
		t.Errorf("changed while they were read: %v", err)
	}
}

// leaver is a person who looks what to send and goes away.
type leaver struct {
	customer
	leave   context.CancelFunc
	reserve string
}

func (l *leaver) Show(e client.Event) {
	l.last = e
	if e.Event == "transfer" {
		l.reserve = e.Reserve
		l.leave()
	}
}

// TestWhatWasGivenUpGoesOnWhenTheMoneyComesAfterAll, and only then.
func TestWhatWasGivenUpGoesOnWhenTheMoneyComesAfterAll(t *testing.T) {
	w := newWorld(t)
	wallet := w.wallet()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	l := &leaver{customer: customer{w: w}, leave: leave}
	want := client.Withdrawal{Exchange: w.server.URL, Amount: amount(t, "CHF:3.27"), Key: "one"}
	if err := wallet.WithdrawByTransfer(ctx, want, l); !errors.Is(err, fault.Unknown) {
		t.Fatalf("left it says %v", err)
	}
	all, err := wallet.Withdrawals(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	if err := wallet.AbortWithdrawal(t.Context(), all[0], "changed my mind"); err != nil {
		t.Fatal(err)
	}
	c := &customer{w: w}
	if err := wallet.Resume(t.Context(), all[0], client.Withdrawal{}, c); !errors.Is(err, fault.Declined) || c.last.Event != "aborted" || c.last.Reason != "changed my mind" {
		t.Errorf("without money it says %v, %+v", err, c.last)
	}
	if _, err := w.paid(l.reserve, amount(t, "CHF:3.27")); err != nil {
		t.Fatal(err)
	}
	if err := wallet.Resume(t.Context(), all[0], client.Withdrawal{}, c); err != nil || !c.done {
		t.Errorf("with the money it says %v, %+v", err, c.last)
	}
	w.settled(wallet, 1)
}

// TestAnEmptyReserveIsGivenUp: the exchange has closed it, and nothing will come.
func TestAnEmptyReserveIsGivenUp(t *testing.T) {
	w := newWorld(t)
	wallet := w.wallet()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	l := &leaver{customer: customer{w: w}, leave: leave}
	if err := wallet.WithdrawByTransfer(ctx, client.Withdrawal{Exchange: w.server.URL, Amount: amount(t, "CHF:3.27"), Key: "one"}, l); !errors.Is(err, fault.Unknown) {
		t.Fatalf("left it says %v", err)
	}
	if _, err := w.paid(l.reserve, amount(t, "CHF:0")); err != nil {
		t.Fatal(err)
	}
	all, err := wallet.Withdrawals(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	if err := wallet.AbortWithdrawal(t.Context(), all[0], "it went back"); err != nil {
		t.Error(err)
	}
}

// TestCoinsOfAnEarlierLife: of a wallet that comes out of a backup the exchange may have made the coins already. It
// shows an empty reserve then, and answers the same request with the same coins.
func TestCoinsOfAnEarlierLife(t *testing.T) {
	w := newWorld(t)
	server := w.relay(func(part string, _ []byte, ask func() answer) answer {
		if len(part) == 52 {
			return answer{status: 200, header: http.Header{}, body: []byte(`{"balance":"CHF:0"}`)}
		}
		return ask()
	})
	wallet, c := w.wallet(), &customer{w: w}
	want := client.Withdrawal{Exchange: server.URL, Amount: amount(t, "CHF:3.27"), Key: "one"}
	if err := wallet.WithdrawByTransfer(t.Context(), want, c); err != nil || !c.done {
		t.Fatalf("%v, %+v", err, c.last)
	}
	w.settled(wallet, 1)
}

// TestWhatIsEmptyIsGivenUpAndFound: coins were asked for, and the exchange says that it
// has nothing. The request is kept, and if there are coins of it after all they are had.
func TestWhatIsEmptyIsGivenUpAndFound(t *testing.T) {
	w := newWorld(t)
	knows, empty := false, false
	server := w.relay(func(part string, _ []byte, ask func() answer) answer {
		switch {
		case part == "batch-withdraw" && !knows:
			return refusal(http.StatusUnavailableForLegalReasons, taler.CodeKYCRequired)
		case len(part) == 52 && empty:
			return answer{status: 200, header: http.Header{}, body: []byte(`{"balance":"CHF:0"}`)}
		}
		return ask()
	})
	wallet, c := w.wallet(), &customer{w: w}
	err := wallet.WithdrawByTransfer(t.Context(), client.Withdrawal{Exchange: server.URL, Amount: amount(t, "CHF:3.27"), Key: "one"}, c)
	if fault.ReasonOf(err) != taler.ReasonKYCRequired {
		t.Fatal(err)
	}
	all, err := wallet.Withdrawals(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	if err := wallet.AbortWithdrawal(t.Context(), all[0], "closed"); fault.ReasonOf(err) != "not-abandonable" {
		t.Errorf("with the money there: %v", err)
	}
	empty = true
	if err := wallet.AbortWithdrawal(t.Context(), all[0], "closed"); err != nil {
		t.Fatal(err)
	}
	if held, err := wallet.Balances(t.Context()); err != nil || len(held) != 0 {
		t.Errorf("after that there is %+v, %v", held, err)
	}
	knows = true
	if err := wallet.Resume(t.Context(), all[0], client.Withdrawal{}, c); err != nil || !c.done {
		t.Errorf("%v, %+v", err, c.last)
	}
	w.settled(wallet, 1)
}

// TestAnExchangeThatIsWaitedForInVain is asked once, and one that is cut off a few times: whoever adds it
// must not wait for minutes, and reads what can be done.
func TestAnExchangeThatIsWaitedForInVain(t *testing.T) {
	for lasts, most := range map[time.Duration]int{time.Minute: 1, time.Second: 6} {
		for _, document := range []string{"config", "keys"} {
			t.Run(document, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				var asked atomic.Int64
				server := w.relay(func(part string, _ []byte, ask func() answer) answer {
					if part == "config" { // the keys are asked for behind it, and on a kept connection twice
						asked.Add(1)
					}
					if part != document {
						return ask()
					}
					w.later(lasts)
					return answer{}
				})
				_, err := w.wallet().AddExchange(t.Context(), server.URL)
				if f := fault.From(err); f == nil || f.Kind != fault.Unknown || !strings.Contains(f.Message, "has not shown its "+document) || f.Hint == "" || asked.Load() != int64(most) {
					t.Errorf("it was asked %d times, want %d: %v", asked.Load(), most, err)
				}
			})
		}
	}
}

// listener is a customer who remembers what was waited for.
type listener struct {
	customer
	waited []string
}

func (l *listener) Show(e client.Event) {
	if e.Event == client.EventWaiting {
		l.waited = append(l.waited, e.Reason)
	}
	l.customer.Show(e)
}

// TestAnExchangeThatCannotSayWhatItHas is waited for, and the person reads why; what is
// no exchange's answer ends the run, with what to do.
func TestAnExchangeThatCannotSayWhatItHas(t *testing.T) {
	w := newWorld(t)
	broken := answer{status: 503, header: http.Header{}}
	page := answer{status: 200, header: http.Header{}, body: []byte("<html>Sign in</html>")}
	said := []answer{broken, broken, page}
	server := w.relay(func(part string, _ []byte, ask func() answer) answer {
		if len(part) != 52 || len(said) == 0 {
			return ask()
		}
		a := said[0]
		said = said[1:]
		return a
	})
	wallet, l := w.wallet(), &listener{customer: customer{w: w}}
	want := client.Withdrawal{Exchange: server.URL, Amount: amount(t, "CHF:3.27"), Key: "one"}
	err := wallet.WithdrawByTransfer(t.Context(), want, l)
	f := fault.From(err)
	if f == nil || f.Reason != taler.ReasonAnswerMalformed || !strings.Contains(f.Message, "a web page came") || !strings.Contains(f.Hint, "exchange? Then go on with") {
		t.Fatalf("%v, with the hint %q", err, f.Hint)
	}
	if n := len(l.waited); n < 2 || !strings.Contains(l.waited[n-1], "does not say whether the money has arrived: the exchange could not answer, with status 503") {
		t.Errorf("it waited for %q", l.waited)
	}
	if err := wallet.WithdrawByTransfer(t.Context(), want, l); err != nil {
		t.Fatal(err)
	}
	w.settled(wallet, 1)
}

// paid lets the money for a reserve arrive.
func (w *world) paid(reserve string, sum instrument.Amount) (uint64, error) {
	var pub taler.EddsaPublicKey
	if err := pub.UnmarshalText([]byte(reserve)); err != nil {
		return 0, err
	}
	row, _, err := w.e.AddIncoming(w.Context(), pub, sum, payer)
	return row, err
}
