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
//
// Where things are:
//
//	what there is         instance.go class.go amount.go invoice.go
//	the Manager           manager.go; its ports: store.go ports.go
//	a change              draft.go rules.go change.go; seals: seal.go owner.go; unique keys: claims.go
//	locks                 lease.go leasetable.go
//	history and waiting   journal.go watch.go walk.go stamp.go
//	JSON                  json.go peerjson.go
package instrument
