package client

import "context"

// PartTold has a payment record what was told of the operation of one of its parts.
func (w *Wallet) PartTold(ctx context.Context, name string, n int, outcome error) error {
	return w.ofPart(ctx, name, func(r *running) error { return r.recordPayment(ctx, n, outcome) })
}

// PartInDoubt has a payment record that nobody knows whether a part was paid.
func (w *Wallet) PartInDoubt(ctx context.Context, name string, n int) error {
	return w.ofPart(ctx, name, func(r *running) error {
		return r.change(ctx, func(p *parent) string {
			p.Parts[n].State, p.Parts[n].Reason = PartWaiting, "nobody knows"
			return PaymentOpen
		})
	})
}

func (w *Wallet) ofPart(ctx context.Context, name string, do func(*running) error) error {
	r, err := w.readingNamed(ctx, name)
	if err != nil {
		return err
	}
	return do(r)
}
