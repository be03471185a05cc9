package client

import (
	"context"
	"errors"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/protocol"
)

// resumeUnnamed is the advice of those who do not know which operation they are in.
const resumeUnnamed = "`wallet operation resume`"

func resumeNamed(operation string) string { return "`wallet operation resume " + operation + "`" }

// ended is an error after which nothing goes on under the same code, which says itself
// what there is to do.
type ended struct{ *fault.Fault }

// Unwrap implements errors.
func (e ended) Unwrap() error { return e.Fault }

// onward names the withdrawal in what is advised to do about an error that has ended
// a run: whoever has not named a key can go on with it by that name alone.
func (r *withdrawal) onward(ctx context.Context, err error) error {
	if last, ok := errors.AsType[ended](err); ok {
		return last.Fault
	}
	f := fault.From(err)
	if f == nil {
		return err
	}
	i, reserve, unread := r.w.reserve(context.WithoutCancel(ctx), r.id)
	if unread != nil {
		return err
	}
	resume := resumeNamed(string(operationOf(i)))
	if reserve.BankURL != "" {
		resume += ", or the same URI again"
	}
	return goOn(f, resume)
}

// onward names a payment that is left undecided in what is advised to do about the error. Whoever
// has named no key would else begin a second payment, beside one of which something is paid.
func (r *running) onward(err error) error {
	f := fault.From(err)
	if f == nil || r.now.Status != PaymentOpen && r.now.Status != PaymentRefunding {
		return err
	}
	if strings.Contains(f.Hint, r.rec.name()) && !strings.Contains(f.Hint, resumeUnnamed) {
		return err
	}
	return goOn(f, resumeNamed(r.rec.name()))
}

// goOn has what is advised end with how it goes on.
func goOn(f *fault.Fault, resume string) error {
	switch {
	case strings.Contains(f.Hint, resumeUnnamed): // said by whoever asks the person
		return f.WithHint("%s", strings.ReplaceAll(f.Hint, resumeUnnamed, resume))
	case f.Hint == "", f.Reason == protocol.ReasonPending:
		return f.WithHint("go on with %s", resume)
	case strings.HasSuffix(f.Hint, "?"):
		return f.WithHint("%s Then go on with %s", f.Hint, resume)
	}
	return f.WithHint("%s; then go on with %s", f.Hint, resume)
}
