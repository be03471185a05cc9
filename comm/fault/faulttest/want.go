// Package faulttest holds what the tests of many packages ask of errors.
package faulttest

import (
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
)

// Want fails a test whose error is of another kind or has another reason.
func Want(t testing.TB, err error, kind fault.Kind, reason fault.Reason) {
	t.Helper()
	if fault.KindOf(err) != kind || fault.ReasonOf(err) != reason {
		t.Errorf("got %v (%s, %q), want %s, %q", err, fault.KindOf(err), fault.ReasonOf(err), kind, reason)
	}
}
