package till

import "github.com/swaperoo/swaperoo/comm/taler"

// waitsFor tells till software what an open withdrawal waits for, where it does not wait for what the
// software has said; s is its sale, nil if it does not go on.
func waitsFor(v View, s *sale) string {
	switch v.Needs {
	case needsAcceptance:
		return "it needs acceptance: send POST …/accept or POST …/decline"
	case needsPayment:
		return "it needs payment: send POST …/pay"
	case needsSameWallet:
		return "it needs same-wallet: send POST …/same-wallet"
	}
	switch {
	case v.Problem != nil:
		return "its member problem says what is in its way"
	case s == nil:
		return "POST …/resume goes on with it"
	case v.Status == taler.TerminalPending && v.Accepted.IsZero():
		return "it is being begun: look again in a moment"
	case v.Status == taler.TerminalPending:
		return "it waits for a wallet that scans its QR code"
	case v.Status != taler.TerminalSelected:
		return "it is paid, and waits for the bank's word"
	case v.Peer != "":
		return "it waits for a wallet that pays at the address in its member peer"
	case s.charging():
		return "it is being paid: …/events tells how that ends"
	}
	return "it waits for a card at the reader, or needs something in a moment: look again"
}

// charging reports whether a card is charged, or may be.
func (s *sale) charging() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.busy
}
