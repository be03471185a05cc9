// Package protocol is the paper's Protocol Management (SWAPEROO §2.2, §3.2):
// protocols, the operations that they offer, and the Protocol Manager, which
// negotiates protocols with a peer and executes operations durably.
//
// DoOperation runs on both peers and talks over a Session. Its code is
// straight-line; the host makes it safe. The code talks to the host in numbered
// steps: some ride (Send, Update), some ask (Recv, Fetch, Ask, a read of an
// instance that is not leased), and the result ends the run. The host makes all
// unflushed steps durable in one commit just before something leaves the house,
// the result before anybody hears of it. When that
// commit finds that somebody else was first, DoOperation runs again from the
// top over the answers that were recorded: a rewind.
//
// The same steps cross a plugin's door: Run is the author's half, the Manager
// is the host's half, and a Door connects them in process or over gRPC.
//
// Where things are:
//
//	what an author sees   protocol.go session.go side.go step.go; reason.go: how an end is known
//	the Manager           manager.go negotiate.go execute.go await.go records.go version.go store.go event.go
//	the author's half     run.go author.go authortx.go; ahead.go: what the next step will read
//	the host's half       operation.go, its steps in exchange.go ask.go rewind.go, its end in finish.go
//	what is durable       flush.go row.go log.go maildisk.go, written by spelling.go spellinglog.go peerjson.go
//	between the peers     post.go mail.go, what has come in mailin.go mailbody.go mailread.go, the end in mailend.go;
//	                      early.go aside.go: what comes before its turn; origin.go: Fetch
//	another life          resume.go replay.go begun.go lives.go
//	what was stopped      stop.go abandon.go forgone.go
//	bounds and pace       crowd.go hands.go chores.go
//	small parts           canonical.go roll.go stream.go; point.go: where tests kill the process
package protocol
