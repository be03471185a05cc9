// Package audit recomputes a bank's books and names every difference. It trusts
// none of the bank's own decisions: the exchange's history is read from the
// journal, withdrawals, transfers and returns from their instances, and what was
// paid and refunded from the providers, each by queries of its own; then they are
// compared. It changes nothing and may run beside the bank that it looks at.
//
//	report, err := audit.Run(ctx, bank.Look(ctx, c, cfg), audit.Options{})
//
// What changes while it looks is looked at again: a difference is named only if
// nothing of the withdrawal has changed while its provider was asked.
package audit
