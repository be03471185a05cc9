package provider

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"io"
	"io/fs"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/sandbox"
	"github.com/swaperoo/swaperoo/comm/fault"
)

//go:embed migrations/*.sql
var migrations embed.FS

// DefaultDelay is how late the answer to a timeout card is: far later than a till
// waits, even a slow one.
const DefaultDelay = 30 * time.Second

// Options are what a simulator is given. Only Clock is needed.
type Options struct {
	Clock  func() time.Time
	Random io.Reader     // of ids and card keys; default crypto/rand
	Delay  time.Duration // of the answer to a timeout card; default DefaultDelay
	Timer  sandbox.Timer // default sandbox.RealTimer
	Log    *slog.Logger  // default none
}

// Provider is an open simulator. It is safe for concurrent use, also by several
// processes on one folder.
type Provider struct {
	db   *sql.DB
	o    Options
	done chan struct{} // closed by Stop: nobody waits any more
	stop func()
}

// BooksName is the file of the books in the directory of a simulator.
const BooksName = "provider.db"

// Open opens the simulator's books in dir, making both if needed. What it has
// answered is in the books, whenever it was killed.
func Open(dir string, o Options) (*Provider, error) {
	if o.Clock == nil {
		return nil, fault.New(fault.Internal, "a provider is opened without a clock")
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Delay <= 0 {
		o.Delay = DefaultDelay
	}
	if o.Timer == nil {
		o.Timer = sandbox.RealTimer
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	tables, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	db, err := sandbox.OpenDatabase(context.Background(), filepath.Join(dir, BooksName), tables)
	if err != nil {
		return nil, err
	}
	p := &Provider{db: db, o: o, done: make(chan struct{})}
	p.stop = sync.OnceFunc(func() { close(p.done) })
	return p, nil
}

// Stop gives late answers at once. Call it when the server stops accepting
// (http.Server.RegisterOnShutdown).
func (p *Provider) Stop() { p.stop() }

// Close stops the simulator and closes its books, after the last request.
func (p *Provider) Close() error {
	p.stop()
	return p.db.Close()
}
