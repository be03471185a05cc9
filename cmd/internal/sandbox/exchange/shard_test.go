package exchange_test

import (
	"strings"
	"testing"
)

func TestAfterARestartTheShardIsReadAgain(t *testing.T) {
	w := newWorld(t)
	a, b := newKey(t), newKey(t).Public()
	w.follow(newBank(w, page(row(1, "CHF:5", a.Public()))))
	coins := plan(t, a, w.denom("CHF:2"))
	verify(t, w.withdraw(a, coins...), coins)
	w.down()
	w.up()
	bank := newBank(w, page(row(1, "CHF:5", a.Public()), row(2, "CHF:6", b)))
	w.follow(bank)
	if bank.asked[0] != "/history/incoming?delta=1024&long_poll_ms=60000" {
		t.Errorf("it asked %q", bank.asked)
	}
	if w.balance(a) != "CHF:2.99" || w.reserve(b) != "CHF:6" {
		t.Errorf("reserves %s and %s", w.balance(a), w.reserve(b))
	}
}

func TestShardsFollowEachOther(t *testing.T) {
	w := newWorld(t)
	a, b, c, d := newKey(t).Public(), newKey(t).Public(), newKey(t).Public(), newKey(t).Public()
	bank := newBank(w,
		page(row(1020, "CHF:1", a), row(1024, "CHF:2", b)), // the end of the first shard
		page(row(2040, "CHF:3", c), row(2050, "CHF:4", d)), // beyond the end of the second
		page(row(2050, "CHF:4", d)),
	)
	w.follow(bank)
	want := []string{"delta=1024&long_poll_ms=60000", "delta=1024&long_poll_ms=60000&start=1024", "delta=1024&long_poll_ms=60000&start=2048", "delta=1022&long_poll_ms=60000&start=2050"}
	for i, q := range want {
		if got := strings.TrimPrefix(bank.asked[i], "/history/incoming?"); got != q {
			t.Errorf("request %d is %s, want %s", i+1, got, q)
		}
	}
	if w.reserve(a) != "CHF:1" || w.reserve(b) != "CHF:2" || w.reserve(c) != "CHF:3" || w.reserve(d) != "CHF:4" {
		t.Error("not every reserve was filled")
	}
	w.down()
	w.up()
	bank = newBank(w)
	w.follow(bank)
	if got := strings.TrimPrefix(bank.asked[0], "/history/incoming?"); got != "delta=1024&long_poll_ms=60000&start=2048" {
		t.Errorf("after a restart it asks %s", got)
	}
}

func TestAFirstRowFarAwayIsWalkedTo(t *testing.T) {
	w := newWorld(t)
	pub := newKey(t).Public()
	far := page(row(5000, "CHF:1", pub))
	bank := newBank(w, far, far, far, far, far)
	if pauses := w.follow(bank); len(pauses) != 0 || w.reserve(pub) != "CHF:1" || len(bank.asked) != 6 {
		t.Errorf("pauses %v, %d requests, reserve %s", pauses, len(bank.asked), w.reserve(pub))
	}
}
