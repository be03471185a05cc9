//go:build race

package host

import "os"

// inherited is what a plugin gets of this process's environment: the options of the race detector
// hold for plugins, too. Without them each plugin sleeps for a second at its end.
func inherited() []string {
	if told, ok := os.LookupEnv("GORACE"); ok {
		return []string{"GORACE=" + told}
	}
	return nil
}
