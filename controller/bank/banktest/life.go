package banktest

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/swaperoo/swaperoo/controller/bank"
)

// patience bounds what only a defect would let hang.
const patience = time.Minute

// Restore ends the house as a power cut does and begins it again with the database
// of an earlier time, as DB.CopyTo has written it. Before it serves, the operator
// does what has to be done.
func (h *House) Restore(copied string, operator func(context.Context, *bank.Bank) error) {
	h.tb.Helper()
	h.Kill()
	path := filepath.Join(h.o.Dir, "bank.db")
	for _, old := range []string{path + "-wal", path + "-shm"} {
		if err := os.Remove(old); err != nil && !errors.Is(err, fs.ErrNotExist) {
			h.tb.Fatal(err)
		}
	}
	if err := os.Rename(copied, path); err != nil {
		h.tb.Fatal(err)
	}
	ctx := context.Background()
	c, _ := h.controller()
	err := operator(ctx, bank.Look(ctx, c, h.config()))
	if err = errors.Join(err, c.Close(ctx), h.DB.Close()); err != nil {
		h.tb.Fatalf("the operator: %v", err)
	}
	h.start()
}

// Close ends the house as an operator does: it answers what is running first.
func (h *House) Close() {
	if h.closed {
		return
	}
	h.closed = true
	if h.door != nil {
		_ = h.door.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, err := range []error{h.server.Shutdown(ctx), h.Bank.Close(ctx), h.DB.Close()} {
		if err != nil {
			h.tb.Errorf("close: %v", err)
		}
	}
}

// Kill ends the house as a power cut does: nothing that was not on disk before
// gets there, and nobody is answered.
func (h *House) Kill() {
	h.closed = true
	h.dead.Store(true)
	_ = h.server.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_ = h.Bank.Close(ctx)
	_ = h.DB.Close()
}

// Restart opens the same data again, on another port.
func (h *House) Restart() {
	h.tb.Helper()
	if !h.closed {
		h.Close()
	}
	h.start()
}
