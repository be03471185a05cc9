package cli

import (
	"bufio"
	"encoding/json"
)

// Items prints one object with an array, as Print does with --json, whose elements are written as they come: there
// may be more of them than the memory is to hold.
type Items struct {
	out  *bufio.Writer
	next string // what is written before the next element
}

// Items begins an array of that name. Nothing is written before the first element, or End.
func (e *Env) Items(name string) *Items {
	return &Items{bufio.NewWriter(printed{e}), `{"` + name + `":[`}
}

// Add writes one more element.
func (i *Items) Add(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = i.out.WriteString(i.next + escaped(text))
	i.next = ","
	return err
}

// End writes the end of the object. An object without it is one whose elements could not all be had.
func (i *Items) End() error {
	if i.next == "," {
		i.next = ""
	}
	if _, err := i.out.WriteString(i.next + "]}\n"); err != nil {
		return err
	}
	return i.out.Flush()
}

// printed is what a command prints to.
type printed struct{ e *Env }

// Write implements io.Writer.
func (p printed) Write(text []byte) (int, error) {
	return len(text), p.e.write(p.e.stdout(), string(text))
}
