// Package profile is the paper's Profile Management (SWAPEROO §3.3, §4): who
// may ask a wallet for what. Its Manager knows principals, proves who they are
// and authorises every operation before it begins.
//
// The paper's User, Customer and Account Profile Managers are one Manager here
// under three policies: a policy is a list of rules, each of which may refuse.
//
// Limits for a day, a month or an account need a memory of what was spent. So an
// operation that spends reserves its sum before it begins (Reserve). The reservation
// is settled once it is known what the operation has moved (Hold.Settle): that sum is
// spent, or the reservation is given back. Reservations that a crash has left are
// settled by what became of their operations (Reconcile). While that is not known they
// count: a limit refuses too much rather than too little.
//
//	hold, err := m.Reserve(ctx, action) // after m.Authorise, before anything leaves
//	if err != nil {
//		return err
//	}
//	moved, err := run(action)
//	…
//	err = hold.Settle(ctx, moved)
//
// Where things are:
//
//	who there is          store.go (principals, and what the Manager needs of a database) group.go
//	the Manager           manager.go
//	what may be done      policy.go limits.go age.go
//	what was spent        spending.go repeat.go used.go; what was left open: reconcile.go look.go
package profile
