//go:build race

package host

import "os"

// inherited is what a plugin gets of this process's environment: what a run under the race detector was
// told holds for its plugins, too. Without it each of them sleeps for a second at its end.
func inherited() []string {
	if told, ok := os.LookupEnv("GORACE"); ok {
		return []string{"GORACE=" + told}
	}
	return nil
}
