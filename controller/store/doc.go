// Package store is the one database behind all managers: instruments, their
// unique keys and journal, operations, principals and peers. It implements the
// small interfaces which those managers declare, on one SQLite file, so that
// one unit of work is one commit.
//
// All writing is done by one goroutine. Units of work that arrive while the
// disk is busy with a commit share the next one; each runs in a savepoint of
// its own, so that one that fails leaves nothing behind and does not disturb
// the others. Nobody is told of success before COMMIT has returned
// (synchronous=FULL). Reads go to a pool of connections that cannot write, and
// see committed state only.
//
// Several processes may use one file at a time.
//
//	db, err := store.Open(ctx, filepath.Join(dir, "swaperoo.db"), store.Options{})
//	if err != nil {
//		return err
//	}
//	defer db.Close()
//
// Where things are:
//
//	opening               store.go dsn.go patient.go migrate.go copy.go
//	writing               queue.go writer.go work.go full.go
//	reading               pool.go conn.go walindex.go remembered.go
//	instruments           instance.go rows.go where.go journal.go skip.go
//	operations            operation.go oplog.go
//	profiles and peers    principal.go member.go spending.go search.go peer.go
//	columns               values.go
package store
