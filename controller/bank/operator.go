package bank

import "github.com/swaperoo/swaperoo/controller"

// Look makes a bank for an operator's command, which may run beside the bank
// itself: it takes up no notice and has no provider asked.
func Look(c *controller.Controller, cfg Config) *Bank {
	b := newBank(c, cfg)
	b.stop()
	return b
}
