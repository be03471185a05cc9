// Package crash holds the tests that kill processes: every place in the life of
// an operation at which its process may end, on either side, alone and in pairs.
// They run real parties in processes of their own, on real files, sockets and
// plugins, kill them with SIGKILL and start them again, and then look whether the
// value is where the outcome says that it is.
//
// Each test of a protection has a control beside it: the same run with the
// protection taken out, which the checks must find.
// Under the race detector the parties and their plugins are watched, too, and one
// kill in eight is tried.
//
//	go test ./cmd/internal/crash -run Kill -v                    # every point, and some pairs
//	go test ./cmd/internal/crash -run Kill -crash.pairs=all      # every pair, about 20 minutes
//	go test ./cmd/internal/crash -run Kill -crash.pairs=400      # so many pairs of each protocol
//	go test ./cmd/internal/crash -run Bank -crash.bank=100 -v    # a bank, at random
//	go test ./cmd/internal/crash -run KillAWithdrawal -v         # `wallet withdraw`, where money may be lost
//	go test ./cmd/internal/crash -run KillAWithdrawal -crash.withdrawals=all -timeout 30m   # at every request, in both forms
package crash
