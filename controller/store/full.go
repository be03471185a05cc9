package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"os"
)

// Room reports whether the disk has room for changes, by its error: fault.Unavailable, reason
// disk-full, as long as there is none. If the last change found the disk full, Room tries: it
// writes a row anew without changing it, and looks whether a file fits beside the database.
// Otherwise it does nothing.
func (db *DB) Room(ctx context.Context) error {
	if !db.writer.full.Load() {
		return nil
	}
	err := db.submit(ctx, func(w *work) error {
		_, err := w.exec("UPDATE goose_db_version SET is_applied = is_applied WHERE version_id = 0")
		return err
	})
	if err == nil && db.writer.full.Load() { // it was kept, where there was no room for more
		err = fullDisk(nil)
	}
	return err
}

// batchFailed ends a batch that has failed as a whole. If the disk was only full, nothing of the batch
// was made, and the next one may find room. After any other failure all writing ends.
func (w *writer) batchFailed(cause error) {
	if !isFull(cause) {
		w.stop(cause)
		return
	}
	w.db.stats.failed.Add(uint64(len(w.batch)))
	_, _ = w.conn.exec("ROLLBACK") // it fails when SQLite has rolled back itself
	clear(w.last)
	w.lost = w.changed()
	w.room(engineFault(cause))
	w.answerAll(engineFault(cause))
}

// room calls Options.Full when the disk becomes full, and with nil when it has room again.
func (w *writer) room(full error) {
	if w.full.Swap(full != nil) == (full != nil) {
		return
	}
	if tell := w.options.Full; tell != nil {
		tell(full)
	}
}

// changed counts the rows that this connection has changed since it was opened, committed or
// not.
func (w *writer) changed() (n int64) {
	_, _ = w.conn.one("SELECT total_changes()", func(row []driver.Value) error {
		n = integer(row[0])
		return nil
	})
	return n
}

// enoughRoom is how many bytes must fit beside the database before the disk counts as having room:
// a small change may fit into unused space of the file.
const enoughRoom = 1 << 20

// roomy reports whether a new file of that many bytes fits beside the database.
func (w *writer) roomy() bool {
	if w.path == "" {
		return true
	}
	try := w.path + "-room"
	err := os.WriteFile(try, make([]byte, enoughRoom), 0o600)
	return errors.Join(err, os.Remove(try)) == nil
}
