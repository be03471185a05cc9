package cli

import "runtime"

// AwaitTyped waits until who reads for a question that is over has got a line.
func AwaitTyped(e *Env) {
	for len(e.asking.left) == 0 {
		runtime.Gosched()
	}
}
