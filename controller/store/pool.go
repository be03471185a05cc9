package store

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// pool lends connections that cannot write. It has a slot for each; a slot is nil until its
// connection is needed.
type pool struct {
	connector driver.Connector
	slots     chan *conn
	gate      gate
}

func newPool(c driver.Connector, n int, g gate) *pool {
	p := &pool{connector: c, slots: make(chan *conn, n), gate: g}
	for range n {
		p.slots <- nil
	}
	return p
}

// read runs f on a connection. ctx bounds the wait for a connection. It does not interrupt a
// statement, because our reads are short; lists look at it between two rows.
func (p *pool) read(ctx context.Context, f func(*conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c, err := p.borrow(ctx)
	if err != nil {
		return err
	}
	defer func() { p.slots <- c }()
	if c == nil {
		if c, err = p.open(ctx); err != nil {
			return engineFault(err)
		}
	}
	p.gate.RLock()
	defer p.gate.RUnlock()
	return engineFault(f(c))
}

// apart runs f on a new connection of its own, which may write other files than the database.
func (p *pool) apart(ctx context.Context, f func(*conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p.gate.Lock()
	defer p.gate.Unlock()
	defer stray()() // Close does not wait for it
	c, err := connect(ctx, p.connector)
	if err != nil {
		return engineFault(err)
	}
	return engineFault(errors.Join(f(c), c.close()))
}

func (p *pool) borrow(ctx context.Context) (*conn, error) {
	select {
	case c, ok := <-p.slots:
		if !ok {
			return nil, closedFault()
		}
		return c, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pool) open(ctx context.Context) (*conn, error) {
	p.gate.Lock() // the settings of a new connection look at the database
	defer p.gate.Unlock()
	c, err := connect(ctx, p.connector)
	if err != nil {
		return nil, err
	}
	if _, err := c.exec("PRAGMA query_only = on"); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

// close takes back all connections, waiting for those that are lent.
func (p *pool) close() error {
	var errs []error
	for range cap(p.slots) {
		if c := <-p.slots; c != nil {
			errs = append(errs, c.close())
		}
	}
	close(p.slots)
	return errors.Join(errs...)
}

// gate keeps reads and commits apart in a database in memory: that has no write-ahead log, and
// the engine would answer "busy". Readers take it shared, the writer alone.
type gate interface {
	Lock()
	Unlock()
	RLock()
	RUnlock()
}

// noGate is for files: readers see the state before a commit while it runs.
type noGate struct{}

func (noGate) Lock()    {}
func (noGate) Unlock()  {}
func (noGate) RLock()   {}
func (noGate) RUnlock() {}

// engineFault makes a fault of an error of SQLite. Any other error passes as it is.
func engineFault(err error) error {
	switch {
	case err == nil || !isEngine(err):
		return err
	case isBusy(err):
		return fault.Wrap(err, fault.Unavailable, "the database is in use by another process").
			Because("database-busy").WithHint("try again")
	case isFull(err):
		return fullDisk(err)
	}
	return fault.Wrap(err, fault.Internal, "the database refused a statement").Because("database-failed")
}

func fullDisk(err error) *fault.Fault {
	return fault.Wrap(err, fault.Unavailable, "the disk is full: nothing was changed").
		Because("disk-full").WithHint("make room on the disk, then ask again; what waits goes on by itself")
}

func closedFault() *fault.Fault {
	return fault.New(fault.Unavailable, "the database is closed").Because("store-closed")
}
