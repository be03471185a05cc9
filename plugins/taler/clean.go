package taler

import (
	"context"
	"errors"
	"net/http"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/protocol"
)

// unheard reports whether a batch that was clean has to be sent again at once: this party
// ended in the middle of the first send, or a redirect led that elsewhere.
func unheard(r taler.Reserve, answer protocol.Response, err error) bool {
	if !r.Batch.Clean {
		return false
	}
	elsewhere := answer.Status >= http.StatusMultipleChoices && answer.Status < http.StatusBadRequest
	return fault.ReasonOf(err) == protocol.ReasonAnswerLost || err == nil && elsewhere
}

// unsent keeps a clean batch clean if nobody could be reached.
func (w coinWithdrawal) unsent(ctx context.Context, s protocol.Session, id instrument.ID, sent taler.Reserve, failure error) error {
	if !sent.Batch.Clean || !errors.Is(failure, fault.Unavailable) && !errors.Is(failure, fault.Timeout) {
		return failure
	}
	return w.staysClean(ctx, s, id, failure)
}

// staysClean records that there are no coins of the batch, and returns the reason why the run
// ends.
func (w coinWithdrawal) staysClean(ctx context.Context, s protocol.Session, id instrument.ID, failure error) error {
	_, err := change(ctx, s, id, func(status string, r *taler.Reserve) (verdict, error) {
		if r.Batch != nil {
			r.Batch.Clean = true
		}
		return become(status), nil
	})
	if err != nil {
		return err
	}
	return failure
}
