//go:build unix

package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/config"
	"github.com/swaperoo/swaperoo/cmd/internal/house"
	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/host"
	"github.com/swaperoo/swaperoo/profile"
	"github.com/swaperoo/swaperoo/protocol"
)

// world is a machine, of which each life is a process, and a wallet.
type world struct {
	t      *testing.T
	part   part
	life   *life
	wallet *client.Wallet
	house  *house.House
	peer   comm.Peer
	codes  int
}

// patience bounds what only a defect would let hang.
const patience = time.Minute

func newWorld(t *testing.T, without string, products ...string) *world {
	t.Helper()
	dir, err := os.MkdirTemp(scratch, "") // short: a socket's name is
	check(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	w := &world{t: t, part: part{Dir: filepath.Join(dir, "m"), Without: without}}
	m, f := house.Files{Dir: w.part.Dir}, house.Files{Dir: filepath.Join(dir, "w")}
	check(t, config.Write(m.Config(), "A machine.", &settings{Name: "machine", Listen: "127.0.0.1:0", Products: products, ClearLines: []string{}}))
	check(t, house.Init(t.Context(), m, "machine", nil))
	check(t, house.Init(t.Context(), f, "wallet", nil))
	install(t, w.part.Dir, f.Dir)
	w.house, err = house.Open(t.Context(), house.Options{Files: f, Role: comm.Client, Name: "wallet", Policy: profile.UserPolicy(), Log: slog.New(slog.DiscardHandler)})
	check(t, err)
	t.Cleanup(func() { check(t, w.house.Close(context.Background())) })
	own, err := w.house.Own(t.Context())
	check(t, err)
	w.wallet = client.New(w.house.Controller, own, nil)
	w.start(part{})
	return w
}

// install puts the coupon, which is this binary, into the catalogs of both.
func install(t *testing.T, dirs ...string) {
	t.Helper()
	self, err := binary(scratch)
	check(t, err)
	h, err := host.New(host.Options{Dir: filepath.Join(dirs[0], "run"), Log: slog.New(slog.DiscardHandler), Clock: time.Now})
	check(t, err)
	said, err := h.Inspect(t.Context(), host.Source{Path: self})
	check(t, err)
	check(t, h.Close(t.Context()))
	for _, dir := range dirs {
		_, err := host.NewCatalog(house.Files{Dir: dir}.Plugins()).Add(self, said)
		check(t, err)
	}
}

// life is one process of the machine.
type life struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	armed chan struct{}
	drops chan struct{} // one for each job that is done
	first int           // jobs that were done before it sold anything; set when it sells
	done  chan struct{} // closed when it has ended
	log   string
}

// start begins a life that is to end as p says, and waits until it sells.
func (w *world) start(p part) {
	w.t.Helper()
	p.Dir, p.Without = w.part.Dir, w.part.Without
	text, err := json.Marshal(p)
	check(w.t, err)
	self, err := binary(scratch)
	check(w.t, err)
	l := &life{cmd: exec.Command(self, "machine", string(text)), armed: make(chan struct{}, 1), drops: make(chan struct{}, 1000), done: make(chan struct{}), log: w.part.Dir + ".log"}
	log, err := os.OpenFile(l.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	check(w.t, err)
	defer log.Close()
	l.cmd.Stderr = log
	out, err := l.cmd.StdoutPipe()
	check(w.t, err)
	l.in, err = l.cmd.StdinPipe()
	check(w.t, err)
	check(w.t, l.cmd.Start())
	sells := make(chan string, 1)
	go func() {
		defer close(l.done)
		jobs := 0
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var e struct{ Event, Name, URL string }
			if json.Unmarshal(lines.Bytes(), &e) != nil {
				continue
			}
			switch {
			case e.Event == "dispensed":
				jobs++
				l.drops <- struct{}{}
			case e.Name == "vending":
				l.first = jobs
				sells <- e.URL
			case e.Name == "armed":
				l.armed <- struct{}{}
			}
		}
		_ = l.cmd.Wait()
	}()
	w.life = l
	w.t.Cleanup(l.kill)
	select {
	case url := <-sells:
		_, key, _ := strings.Cut(url, "#")
		w.peer = comm.Peer{Name: "machine", Role: comm.Vendor, Key: key, Addresses: []string{"unix:" + filepath.Join(w.part.Dir, "sock") + "#" + key}}
	case <-l.done:
		w.t.Fatalf("the machine does not start\n%s", w.log())
	case <-time.After(patience):
		w.t.Fatalf("the machine does not sell\n%s", w.log())
	}
}

// arm lets the machine die at the nth point of the next payment, at none for 0. It
// is false if the machine has died already; a machine that says that it was
// disarmed dies no more.
func (w *world) arm(nth int) bool {
	w.t.Helper()
	_, _ = fmt.Fprintln(w.life.in, nth) // what is dead reads nothing, and done says so
	select {
	case <-w.life.armed:
		return true
	case <-w.life.done:
		return false
	case <-time.After(patience):
		w.t.Fatalf("the machine does not listen\n%s", w.log())
		return false
	}
}

// dispensed waits until a further job is done: who has paid is answered before.
func (w *world) dispensed() {
	w.t.Helper()
	select {
	case <-w.life.drops:
	case <-w.life.done:
		w.t.Fatalf("the machine has ended\n%s", w.log())
	case <-time.After(patience):
		w.t.Fatalf("the machine does not dispense\n%s", w.log())
	}
}

func (l *life) kill() {
	_ = l.cmd.Process.Kill()
	<-l.done
}

// end ends a life in order, and waits for it.
func (w *world) end() {
	w.t.Helper()
	_ = w.life.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-w.life.done:
	case <-time.After(patience):
		w.t.Fatalf("the machine does not end\n%s", w.log())
	}
}

func (w *world) log() string {
	text, _ := os.ReadFile(w.life.log)
	return string(text[max(0, len(text)-6000):])
}

// coupon makes one that is worth that much.
func (w *world) coupon(worth string) instrument.ID {
	w.t.Helper()
	w.codes++
	amount, err := instrument.ParseAmount(worth)
	check(w.t, err)
	code := fmt.Sprint("code ", w.codes)
	i := instrument.Instance{Class: classCoupon, Owner: house.Self, Status: "ready", Keys: map[string]string{"code": code}}
	check(w.t, i.Encode(coupon{code, amount}))
	var id instrument.ID
	check(w.t, w.house.Instruments().Update(w.t.Context(), func(d *instrument.Draft) (err error) {
		id, err = d.Create(i)
		return err
	}))
	return id
}

// purchase is one of a product with a new coupon.
func (w *world) purchase(product, worth string) client.Payment {
	w.t.Helper()
	op, err := protocol.NewOperationID(rand.Reader)
	check(w.t, err)
	return client.Payment{
		Peer: w.peer, Operation: op, Class: classCoupon, Instrument: w.coupon(worth), Invoice: instrument.Invoice{"product": product, "amount": "CHF:0.01"},
	}
}

// buy goes through all steps of a session. The invoice names a price of its own.
func (w *world) buy(p client.Payment) error {
	_, err := w.wallet.Pay(w.t.Context(), p, func(context.Context, client.Bill) (bool, error) { return true, nil })
	return err
}

func (w *world) pay(product, worth string) error {
	w.t.Helper()
	return w.buy(w.purchase(product, worth))
}

// paying pays while the machine may die, starts it again if it does before the
// wallet has its answer, and says how it ended.
func (w *world) paying(product, worth string) (err error, died bool) {
	w.t.Helper()
	p, ended := w.purchase(product, worth), make(chan error, 1)
	go func() { ended <- w.buy(p) }()
	select {
	case <-w.life.done:
		w.start(part{})
		return <-ended, true
	case err = <-ended:
		return err, false
	case <-time.After(patience):
		w.t.Fatalf("the payment does not end\n%s", w.log())
		return nil, false
	}
}

// payUntilDeath pays a machine that is bound to die of it, before or after the
// wallet has its answer, and starts it again.
func (w *world) payUntilDeath(product, worth string) {
	w.t.Helper()
	dying := w.life
	err, died := w.paying(product, worth)
	check(w.t, err)
	if died {
		return
	}
	select {
	case <-dying.done:
		w.start(part{})
	case <-time.After(patience):
		w.t.Fatalf("the machine does not die\n%s", w.log())
	}
}

// verdict starts the machine again, which then has dispensed all that was paid
// for, and says what is wrong.
func (w *world) verdict() (problems []string) {
	w.t.Helper()
	w.end()
	w.start(part{})
	name := "chute"
	if w.part.Without == noCounter || w.part.Without == cursorBehind || w.part.Without == cursorInFront {
		name = motor
	}
	text, err := os.ReadFile(filepath.Join(w.part.Dir, name))
	if os.IsNotExist(err) {
		err = nil // it has never turned
	}
	check(w.t, err)
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	records, err := w.house.Protocols().Records(w.t.Context(), protocol.Filter{Side: protocol.Initiator})
	check(w.t, err)
	want, of := map[string]int{}, map[string][]string{} // by operation, or payment of several
	for _, r := range records {
		if r.Operation != protocol.Pay {
			continue
		}
		key := string(r.ID)
		if name := r.Invoice[controller.InvoicePayment]; name != "" {
			key = name
		}
		of[key] = append(of[key], " "+r.Invoice["product"]+" "+string(r.ID))
		if r.State != protocol.Ended {
			problems = append(problems, fmt.Sprintf("payment %s is %s", r.ID, r.State))
		} else if r.Fault == nil && key == string(r.ID) {
			want[key] = 1
		}
	}
	wholes, err := w.wallet.Payments(w.t.Context())
	check(w.t, err)
	for _, p := range wholes {
		if p.Status == client.PaymentPaid {
			want[string(p.Operation)] = 1
		}
	}
	for key, all := range of {
		is := func(line string) bool {
			return slices.ContainsFunc(all, func(text string) bool { return strings.Contains(line, text) })
		}
		if got := len(slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return !is(l) })); got != want[key] {
			problems = append(problems, fmt.Sprintf("payment %s was dispensed %d times, not %d", key, got, want[key]))
		}
		lines = slices.DeleteFunc(lines, is)
	}
	for _, l := range lines {
		if l != "" {
			problems = append(problems, fmt.Sprintf("nobody has paid for %q", l))
		}
	}
	return problems
}
