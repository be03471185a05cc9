package rest

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestGuessesAreCountedByNetwork(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	g := newGuesses(func() time.Time { return now })
	spend := func(address string, n int) (err error) {
		for range n {
			err = g.wrong(address)
		}
		return err
	}
	if err := spend("192.0.2.1", 100); err != nil {
		t.Errorf("a hundred: %v", err)
	}
	var l *limited
	if err := spend("192.0.2.1", 1); !errors.As(err, &l) || l.seconds != 61 {
		t.Errorf("a hundred and one: %v", err)
	}
	if err := spend("::ffff:192.0.2.1", 1); err == nil {
		t.Error("the same address in other clothes is another one")
	}
	if err := spend("192.0.2.2", 100); err != nil {
		t.Errorf("its neighbour: %v", err)
	}
	if err := spend("2001:db8::1", 100); err != nil {
		t.Errorf("a hundred: %v", err)
	}
	if err := spend("2001:db8::ffff:1", 1); err == nil {
		t.Error("another address of the same /64 begins anew")
	}
	if err := spend("2001:db8:0:1::1", 1); err != nil {
		t.Errorf("another /64: %v", err)
	}
	now = now.Add(time.Minute)
	if err := spend("192.0.2.1", 1); err != nil {
		t.Errorf("a minute later: %v", err)
	}
}

func TestGuessersDoNotFillTheMemory(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	g := newGuesses(func() time.Time { return now })
	for n := range guessersKept + 1000 {
		if err := g.wrong(fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255)); err != nil {
			t.Fatal(err)
		}
		if len(g.by) > guessersKept {
			t.Fatalf("%d are remembered", len(g.by))
		}
	}
}

// Whoever guesses from few addresses is not forgotten for those that guessed before.
func TestOldGuessersMakeRoom(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	g := newGuesses(func() time.Time { return now })
	for n := range guessersKept - 1 {
		_ = g.wrong(fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255))
	}
	now = now.Add(guessesWithin / 2)
	for range guessesAllowed {
		_ = g.wrong("192.0.2.1")
	}
	now = now.Add(guessesWithin/2 + time.Second)
	_ = g.wrong("192.0.2.2")
	if g.wrong("192.0.2.1") == nil {
		t.Error("a hundred and one")
	}
}
