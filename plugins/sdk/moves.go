package sdk

import (
	"slices"
	"strings"

	"github.com/swaperoo/swaperoo/instrument"
)

// Moves are the moves along the paths that an instance may go. A path is written as
// statuses with > between them; one that begins with > begins with the creation of the
// instance:
//
//	Moves("> ready > shown > spent", "shown > ready")
//
// Nothing else is permitted. Staying in a status is a move as well ("shown > shown").
func Moves(paths ...string) []instrument.Move {
	var out []instrument.Move
	for _, path := range paths {
		statuses := strings.Split(path, ">")
		for n, status := range statuses[1:] {
			m := instrument.Move{From: strings.TrimSpace(statuses[n]), To: strings.TrimSpace(status)}
			if !slices.Contains(out, m) {
				out = append(out, m)
			}
		}
	}
	return out
}
