package cli

import (
	"bufio"
	"strings"
)

// Ask asks for a line of text; without a person it is a fault with exit code 4.
func (e *Env) Ask(what, hint string) (string, error) {
	if !e.Interactive() {
		return "", Input(what+" is needed", "%s", hint)
	}
	e.prompt(what + ": ")
	line, err := bufio.NewReader(e.In).ReadString('\n')
	if err != nil {
		return "", Input(what+" is needed", "%s", hint)
	}
	return strings.TrimSpace(line), nil
}

// Yes asks a question; without a person it is a fault with exit code 4.
func (e *Env) Yes(question, hint string) (bool, error) {
	if !e.Interactive() {
		return false, Input(question, "%s", hint)
	}
	e.prompt(question + " [y/N] ")
	line, err := bufio.NewReader(e.In).ReadString('\n')
	if err != nil {
		return false, Input(question, "%s", hint)
	}
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes":
		return true, nil
	}
	return false, nil
}
