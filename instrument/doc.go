// Package instrument is the paper's Instrument Management (SWAPEROO §2.1, §3.1):
// instrument classes, instrument instances and the Instrument Manager, which
// creates, changes and keeps instances under transactional semantics.
//
// The same Manager serves the wallet, the terminal and the bank. A class is
// installed per role, so one class id may have a client, a vendor and a bank
// view. All changes go through Manager.Update, or through the same Draft inside
// an operation; one commit writes the instances, their unique keys and one
// journal entry per change.
//
//	err := m.Update(ctx, func(tx *instrument.Draft) error {
//		w, err := tx.Get(id)
//		if err != nil {
//			return err
//		}
//		w.Status = "confirmed"
//		return tx.Put(w)
//	})
package instrument
