package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/comm/taler/load"
	"github.com/swaperoo/swaperoo/instrument"
)

// Polls is what wallets and tills cost a bank that wait for something.
type Polls struct {
	Held          int
	Before, After Memory
	P50, P99      time.Duration // from the answer to a change until the answer to the poll that waits for it
}

// Live is bytes of heap and stacks for each.
func (p Polls) Live() float64 { return each(p.Before.Live, p.After.Live, p.Held) }

// Resident is bytes of resident memory for each.
func (p Polls) Resident() float64 { return each(p.Before.Resident, p.After.Resident, p.Held) }

// Poll has n requests wait at the bank, each over a connection of its own, and
// then changes so many of the withdrawals that are waited for, one after the other.
func (b *Bank) Poll(ctx context.Context, n, wakes int) (p Polls, err error) {
	p.Held = n
	wakes = min(wakes, n)
	ids, err := b.setUp(ctx, wakes+1) // the last one is not changed
	if err != nil {
		return p, err
	}
	var now standing
	if err := b.process.ask(&now); err != nil {
		return p, err
	}
	p.Before = now.Memory
	waiting := make([]net.Conn, 0, n)
	defer func() {
		for _, c := range waiting {
			_ = c.Close()
		}
	}()
	for k := range n {
		c, err := b.poll(ctx, ids[min(k, wakes)])
		if err != nil {
			return p, err
		}
		waiting = append(waiting, c)
	}
	for now.Polls < n {
		if err := errors.Join(ctx.Err(), b.process.ask(&now)); err != nil {
			return p, err
		}
	}
	p.After = now.Memory
	took := make([]time.Duration, 0, wakes)
	for k := range wakes {
		one, err := b.wake(ctx, ids[k], waiting[k])
		if err != nil {
			return p, err
		}
		took = append(took, one)
	}
	slices.Sort(took)
	if len(took) > 0 {
		p.P50, p.P99 = took[len(took)/2], took[len(took)*99/100]
	}
	return p, nil
}

// setUp makes withdrawals that nobody has selected.
func (b *Bank) setUp(ctx context.Context, n int) ([]taler.WOPID, error) {
	amount, err := instrument.ParseAmount(withdrawn)
	if err != nil {
		return nil, err
	}
	till, err := b.till(b.at.Terminals[0])
	if err != nil {
		return nil, err
	}
	ids := make([]taler.WOPID, n)
	for k := range ids {
		made, err := till.SetUp(ctx, taler.TerminalWithdrawalSetup{RequestUID: fmt.Sprintf("poll-%d", k), Amount: amount})
		if err != nil {
			return nil, err
		}
		ids[k] = made.WithdrawalID
	}
	return ids, nil
}

func (b *Bank) till(l load.Login) (*taler.Client, error) {
	return taler.NewClient(b.at.URL, &http.Client{}, taler.Basic(l.Name, l.Token))
}

// poll sends a request that waits.
func (b *Bank) poll(ctx context.Context, id taler.WOPID) (net.Conn, error) {
	at, err := url.Parse(b.at.URL)
	if err != nil {
		return nil, err
	}
	c, err := new(net.Dialer).DialContext(ctx, "tcp", at.Host)
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(c, "GET /taler-integration/withdrawal-operation/%s?long_poll_ms=600000&old_state=pending HTTP/1.1\r\nHost: %s\r\n\r\n", id.Text(), at.Host)
	return c, err
}

// wake aborts a withdrawal, and waits for the answer to the poll that waits for it.
func (b *Bank) wake(ctx context.Context, id taler.WOPID, c net.Conn) (time.Duration, error) {
	till, err := b.till(b.at.Terminals[0])
	if err != nil {
		return 0, err
	}
	answered := make(chan error, 1)
	var at time.Time
	go func() {
		r, err := http.ReadResponse(bufio.NewReader(c), nil)
		at = time.Now()
		if err == nil {
			if r.StatusCode != http.StatusOK {
				err = fmt.Errorf("who waits is answered with %s", r.Status)
			}
			err = errors.Join(err, r.Body.Close())
		}
		answered <- err
	}()
	if err := till.Abort(ctx, id); err != nil {
		return 0, err
	}
	changed := time.Now()
	if err := <-answered; err != nil {
		return 0, err
	}
	return max(0, at.Sub(changed)), nil
}
