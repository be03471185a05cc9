// Package protocol is the paper's Protocol Management (SWAPEROO §2.2, §3.2):
// protocols, the operations that they offer, and the Protocol Manager, which
// negotiates protocols with a peer and executes operations durably.
//
// DoOperation runs on both peers and talks over a Session. Its code is straight-line;
// the host makes it safe against crashes. The words for that:
//
//   - A step is one numbered call of the code on its Session. Riding steps (Send, Update)
//     are held back and go with the next asking step. Asking steps (Recv, Fetch, Ask, a read
//     of an instance that is not leased) wait for the host's answer. The result is the last.
//   - A question is an asking step that goes to a server or a person: Fetch, Ask.
//   - A flush makes all steps durable that are not yet, in one commit. It comes just before
//     anything leaves this party, and before anybody hears of the result.
//   - A rewind runs DoOperation again from the top, over the answers that were recorded.
//     It comes when a flush finds that somebody else has changed an instrument first.
//   - A life is one run of this party's process. In the next life the operation goes on as
//     after a rewind.
//
// The same steps cross a plugin's door: Run is the author's half, the Manager is the
// host's half, and a Door connects them in process or over gRPC.
//
// Where things are:
//
//	what an author sees   protocol.go call.go session.go side.go; facts.go: what a card's payment is said to be; reason.go: how an end is known
//	the Manager           manager.go negotiate.go execution.go execute.go await.go records.go version.go store.go event.go
//	the author's half     step.go run.go author.go authortx.go; ahead.go: answers that go ahead of their step
//	the host's half       operation.go digest.go, its steps in exchange.go ask.go rewind.go, its end in finish.go
//	what is durable       flush.go row.go log.go maildisk.go, written by spelling.go spellinglog.go peerjson.go
//	between the peers     post.go mail.go, what has come in mailin.go mailbody.go mailread.go, the end in mailend.go;
//	                      early.go aside.go: what comes before its turn; origin.go: Fetch
//	another life          resume.go replay.go begun.go lives.go
//	what was stopped      stop.go abandon.go forgone.go
//	bounds and pace       crowd.go hands.go chores.go
//	small parts           canonical.go roll.go stream.go; point.go: where tests kill the process
package protocol
