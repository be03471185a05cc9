package client

import (
	"context"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// resumeUnnamed is the advice of those who do not know which operation they are in.
const resumeUnnamed = "`wallet operation resume`"

// onward names the withdrawal in what is advised to do about an error that has ended
// a run: whoever has not named a key can go on with it by that name alone.
func (r *withdrawal) onward(ctx context.Context, err error) error {
	f := fault.From(err)
	if f == nil || f.Reason == reasonAborted {
		return err
	}
	i, reserve, unread := r.w.reserve(context.WithoutCancel(ctx), r.id)
	if unread != nil {
		return err
	}
	resume := "`wallet operation resume " + string(operationOf(i)) + "`"
	if reserve.BankURL != "" {
		resume += ", or the same URI again"
	}
	switch {
	case strings.Contains(f.Hint, resumeUnnamed):
		return f.WithHint("%s", strings.ReplaceAll(f.Hint, resumeUnnamed, resume))
	case f.Hint == "":
		return f.WithHint("go on with %s", resume)
	}
	if strings.HasSuffix(f.Hint, "?") {
		return f.WithHint("%s Then go on with %s", f.Hint, resume)
	}
	return f.WithHint("%s; then go on with %s", f.Hint, resume)
}
