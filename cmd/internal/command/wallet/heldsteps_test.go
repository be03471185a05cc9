package wallet_test

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// paying leaves a payment of several instruments in a wallet, whose only part an earlier life was
// about to pay. It is named as people name it.
func paying(t *testing.T, u *user) (name string) {
	t.Helper()
	word := crypto.NewSecret([]byte("a passphrase"))
	h, err := house.Open(t.Context(), house.Options{
		Files: house.Files{Dir: u.dir}, Role: comm.Client, Name: "wallet", Passphrase: &word, Policy: profile.UserPolicy(), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := h.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	whole, err := h.OperationID("whole")
	if err != nil {
		t.Fatal(err)
	}
	part, err := h.OperationID(fmt.Sprintf("pay %s 1.1", whole))
	if err != nil {
		t.Fatal(err)
	}
	err = h.Instruments().Update(t.Context(), func(tx *instrument.Draft) error {
		_, err := tx.Create(instrument.Instance{
			Class: controller.ClassPayment, Owner: house.Self, Name: "shop", Status: client.PaymentOpen, Keys: map[string]string{"operation": string(whole)},
			State: fmt.Appendf(nil, `{"operation":%q,"peer":{"addresses":["wss://127.0.0.1:9/#%s"]},"total":"CHF:3","begun":"2026-11-20T12:00:00Z",
				"parts":[{"instrument":"x","class":"prepaid","amount":"CHF:3","price":"CHF:3","state":"paying","choice":0,"tries":1,"operation":%q}]}`, whole, keyA, part),
		})
		return err
	})
	if err == nil {
		err = h.Store.UpdateOperations(t.Context(), func(w protocol.Writer) error {
			return w.BeginOperation(protocol.Row{
				ID: part, Side: protocol.Initiator, State: protocol.Running, Protocol: "prepaid.signed", Operation: protocol.Pay, Class: "prepaid",
				Principal: house.Self, Runner: "an earlier life", Sealed: []byte("of that one"),
			})
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return protocol.Short(whole)
}

// Whoever goes on with a restored payment goes on with its steps, too: by itself none of them would
// ever end, and the payment would wait for it.
func TestWhoGoesOnWithAPaymentGoesOnWithItsSteps(t *testing.T) {
	u := newOwner(t)
	name := paying(t, u)
	file := filepath.Join(t.TempDir(), "backup.age")
	u.does(nil, "backup", file)
	again := newUser(t)
	again.does(nil, "restore", file)
	if got := again.says("operation", "list"); !strings.Contains(got.out, "(part of "+name+") (held)") {
		t.Fatalf("nothing waits: %s", got.out)
	}
	again.says("operation", "resume", name) // its step was not written by this wallet, and is stopped
	if got := again.says("operation", "list"); strings.Contains(got.out, "(held)") || !strings.Contains(got.out, fault.Stuck.String()) {
		t.Errorf("afterwards there is %s%s", got.out, got.err)
	}
}
