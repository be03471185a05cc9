package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/profile"
)

// Memory is what a process needs.
type Memory struct {
	Live     uint64 `json:"live"`     // bytes of heap and stacks in use, behind a collection
	Resident uint64 `json:"resident"` // bytes, as the system counts them; 0 where it does not say
}

// Held is what the sessions that are open cost a vendor.
type Held struct {
	Sessions      int
	Before, After Memory
}

// Live is bytes of heap and stacks for each session.
func (o Held) Live() float64 { return each(o.Before.Live, o.After.Live, o.Sessions) }

// Resident is bytes of resident memory for each session.
func (o Held) Resident() float64 { return each(o.Before.Resident, o.After.Resident, o.Sessions) }

func each(before, after uint64, n int) float64 {
	return (float64(after) - float64(before)) / float64(max(n, 1))
}

// beVendor is a vendor that says where it is, and for each line what it needs.
func beVendor(ctx context.Context, dir string, in io.Reader, out io.Writer) error {
	h, err := Options{}.reopen(ctx, dir, comm.Vendor, vendor.Policy())
	if err != nil {
		return err
	}
	door, err := Options{}.listen(ctx, h)
	if err != nil {
		return errors.Join(err, h.Close(ctx))
	}
	say := json.NewEncoder(out)
	err = say.Encode(door.Address().String())
	for lines := bufio.NewScanner(in); err == nil && lines.Scan(); {
		err = say.Encode(needed())
	}
	return errors.Join(err, door.Close(), h.Close(ctx))
}

func needed() Memory {
	m := Memory{Resident: resident()}
	runtime.GC()
	runtime.GC() // what the first one has only marked for finalizers
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	m.Live = s.HeapAlloc + s.StackInuse
	return m
}

// OpenSessions opens n sessions of one wallet at a vendor in a process of its
// own, negotiates in each, and asks the vendor before and after what it needs.
func OpenSessions(ctx context.Context, dir string, n int) (o Held, err error) {
	p := &Pair{}
	v, peer, err := startVendor(ctx, filepath.Join(dir, "vendor"))
	if err != nil {
		return o, err
	}
	defer func() { err = errors.Join(err, v.end()) }()
	p.peer = peer
	if p.wallet, err = (Options{}).open(ctx, filepath.Join(dir, "wallet"), comm.Client, profile.UserPolicy()); err != nil {
		return o, err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	if p.session, err = p.negotiated(ctx); err != nil { // what is made once is made
		return o, err
	}
	o.Sessions = n
	if err = v.ask(&o.Before); err != nil {
		return o, err
	}
	sessions, err := p.many(ctx, n)
	defer func() {
		for _, s := range sessions {
			_ = s.Close(ctx)
		}
	}()
	if err != nil {
		return o, err
	}
	err = v.ask(&o.After)
	return o, err
}

// handshakes is how many sessions are opened at a time.
const handshakes = 8

func (p *Pair) many(ctx context.Context, n int) ([]*controller.Session, error) {
	all, errs, next := make([]*controller.Session, n), make([]error, handshakes), make(chan int)
	var work sync.WaitGroup
	for w := range handshakes {
		work.Go(func() {
			for at := range next {
				if errs[w] == nil {
					all[at], errs[w] = p.negotiated(ctx)
				}
			}
		})
	}
	for at := range n {
		next <- at
	}
	close(next)
	work.Wait()
	opened := all[:0]
	for _, s := range all {
		if s != nil {
			opened = append(opened, s)
		}
	}
	return opened, errors.Join(errs...)
}

// startVendor makes a vendor and has a process of its own be it.
func startVendor(ctx context.Context, dir string) (*process, comm.Peer, error) {
	made, err := Options{}.open(ctx, dir, comm.Vendor, vendor.Policy())
	if err != nil {
		return nil, comm.Peer{}, err
	}
	if err := made.Close(ctx); err != nil {
		return nil, comm.Peer{}, err
	}
	var address string
	v, err := start(ctx, asVendor, dir, &address)
	return v, peerAt(address), err
}
