package cli

import "runtime"

// AwaitTyped waits until who reads for a question that is over has got a line.
func AwaitTyped(e *Env) {
	for len(e.asking.left) == 0 {
		runtime.Gosched()
	}
}

// AwaitAsking waits until what is typed is for whoever asks or reads now.
func AwaitAsking(e *Env) {
	for !e.Asking() {
		runtime.Gosched()
	}
}
