package bank

import (
	"context"

	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/instrument"
)

// Look makes a bank for an operator's command, which may run beside the bank
// itself: it takes up no notice and has no provider asked.
func Look(c *controller.Controller, cfg Config) *Bank {
	cfg.Asking = cfg.Asking.withDefaults()
	b := &Bank{Controller: c, cfg: cfg, asking: map[instrument.ID]chan struct{}{}, slots: map[string]chan struct{}{}}
	b.life, b.stop = context.WithCancel(context.Background())
	b.stop()
	return b
}
