package instrument_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
)

// TestWait: a change that is made at any moment is seen, also between the read
// and the waiting.
func TestWait(t *testing.T) {
	p := open(t)
	p.LookEvery(time.Hour)
	id := p.create(t, number("purse", 0))
	const waiters, last = 8, 50
	var all sync.WaitGroup
	for range waiters {
		all.Go(func() {
			err := p.Wait(t.Context(), id, func(ctx context.Context) (bool, error) {
				i, err := p.View(ctx, id)
				if err != nil {
					return false, err
				}
				return string(i.State) == "50", nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	for range last {
		if err := p.Update(t.Context(), add(id, 1)); err != nil {
			t.Fatal(err)
		}
	}
	all.Wait()
}

// TestNoLostWakeUp changes what is waited for right after the first read has
// looked: whoever registered only then would sleep until the next look.
func TestNoLostWakeUp(t *testing.T) {
	p := open(t)
	p.LookEvery(time.Hour)
	reads := 0
	err := p.WaitTopic(t.Context(), "receipts", func(ctx context.Context) (bool, error) {
		reads++
		entries, err := p.Journal(ctx, "receipts", instrument.Page{Limit: 1})
		if err != nil || len(entries) == 1 {
			return true, err
		}
		return false, p.Update(ctx, func(d *instrument.Draft) error { return d.Append("receipts", "", 1) })
	})
	if err != nil || reads != 2 {
		t.Errorf("%d reads, %v", reads, err)
	}
}

func TestWaitEnds(t *testing.T) {
	p := open(t)
	t.Run("with its caller: one look, no error", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		reads := 0
		err := p.Wait(ctx, "x", func(ctx context.Context) (bool, error) { reads++; return false, ctx.Err() })
		if err != nil || reads != 1 {
			t.Errorf("%d reads, %v", reads, err)
		}
	})
	t.Run("with an error of the read", func(t *testing.T) {
		broken := errors.New("broken")
		if err := p.Wait(t.Context(), "x", func(context.Context) (bool, error) { return false, broken }); !errors.Is(err, broken) {
			t.Error(err)
		}
	})
	t.Run("with a panic of the read, which leaves nobody behind", func(t *testing.T) {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = p.Wait(t.Context(), "x", func(context.Context) (bool, error) { panic("x") })
	})
}

// TestOthersAreNotWoken: only who waits for what was changed looks again.
func TestOthersAreNotWoken(t *testing.T) {
	p := open(t)
	p.LookEvery(time.Hour)
	mine, other := p.create(t, number("purse", 0)), p.create(t, number("purse", 0))
	reads := 0
	looked := make(chan struct{}, 10)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = p.Wait(t.Context(), mine, func(ctx context.Context) (bool, error) {
			reads++
			i, err := p.View(ctx, mine)
			looked <- struct{}{}
			return i.Version > 1, err
		})
	}()
	<-looked
	for range 5 {
		if err := p.Update(t.Context(), add(other, 1)); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Update(t.Context(), add(mine, 1)); err != nil {
		t.Fatal(err)
	}
	wait(t, done, "the change is seen")
	if reads != 2 {
		t.Errorf("it looked %d times", reads)
	}
}

// TestAnotherProcess: a change of which no wake-up tells is seen as well.
func TestAnotherProcess(t *testing.T) {
	p := openFile(t)
	p.LookEvery(time.Millisecond)
	id := p.create(t, number("purse", 0))
	other := p.elsewhere(t)
	looked := make(chan struct{})
	var once sync.Once
	go func() {
		<-looked
		if err := other.Update(t.Context(), add(id, 1)); err != nil {
			t.Error(err)
		}
	}()
	err := p.Wait(t.Context(), id, func(ctx context.Context) (bool, error) {
		i, err := p.View(ctx, id)
		once.Do(func() { close(looked) })
		return i.Version > 1, err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestWaitFor is TestWait for who is shown the instance: every waiter sees the
// last change and none goes back to an older one.
func TestWaitFor(t *testing.T) {
	p := open(t)
	p.LookEvery(time.Hour)
	id := p.create(t, number("purse", 0))
	const waiters, last = 8, 50
	var all sync.WaitGroup
	for range waiters {
		all.Go(func() {
			seen := int64(0)
			err := p.WaitFor(t.Context(), id, func(i instrument.Instance) (bool, error) {
				if i.Version < seen {
					t.Errorf("version %d was shown after %d", i.Version, seen)
				}
				seen = i.Version
				return string(i.State) == "50", nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	for range last {
		if err := p.Update(t.Context(), add(id, 1)); err != nil {
			t.Fatal(err)
		}
	}
	all.Wait()
	unknown := p.WaitFor(t.Context(), "nobody", func(instrument.Instance) (bool, error) { return true, nil })
	wants(t, unknown, fault.NotFound, "instrument-unknown")
}

// TestWaitForAnotherProcess: what is remembered of an instance does not hide how
// another process has changed it, neither at the first look nor later.
func TestWaitForAnotherProcess(t *testing.T) {
	p := openFile(t)
	p.LookEvery(time.Millisecond)
	id := p.create(t, number("purse", 0))
	other := p.elsewhere(t)
	if err := other.Update(t.Context(), add(id, 1)); err != nil {
		t.Fatal(err)
	}
	var seen []int
	err := p.WaitFor(t.Context(), id, func(i instrument.Instance) (bool, error) {
		n := count(t, i)
		if len(seen) > 0 && seen[len(seen)-1] == n {
			return false, nil
		}
		seen = append(seen, n)
		switch n {
		case 1:
			return false, p.Update(t.Context(), add(id, 1))
		case 2:
			return false, other.Update(t.Context(), add(id, 1))
		}
		return true, nil
	})
	if err != nil || !slices.Equal(seen, []int{1, 2, 3}) {
		t.Errorf("seen were %v, %v", seen, err)
	}
}

// TestNobodyLooksForNothing: as long as no other process writes, who waits is not
// troubled, whatever is written here.
func TestNobodyLooksForNothing(t *testing.T) {
	p := openFile(t)
	p.LookEvery(time.Millisecond)
	mine, other := p.create(t, number("purse", 0)), p.create(t, number("purse", 0))
	reads, looks := 0, make(chan int, 1000)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = p.Wait(t.Context(), mine, func(ctx context.Context) (bool, error) {
			reads++
			looks <- reads
			i, err := p.View(ctx, mine)
			return i.Version > 1, err
		})
	}()
	<-looks
	<-looks // the first look wakes: what was written before is not known
	for range 100 {
		if err := p.Update(t.Context(), add(other, 1)); err != nil {
			t.Fatal(err)
		}
		if _, err := p.store.Foreign(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Update(t.Context(), add(mine, 1)); err != nil {
		t.Fatal(err)
	}
	wait(t, done, "the change is seen")
	if reads != 3 {
		t.Errorf("it looked %d times", reads)
	}
}

// TestWaitForChangesOfBothAtOnce: one wake-up may tell of a change of this process,
// which is remembered, and of a later one of another. That one is not missed.
func TestWaitForChangesOfBothAtOnce(t *testing.T) {
	p := openFile(t)
	p.LookEvery(time.Millisecond)
	id, bystander, third := p.create(t, number("purse", 0)), p.create(t, number("purse", 0)), p.create(t, number("purse", 0))
	other := p.elsewhere(t)
	looked := make(chan struct{}, 100)
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	go func() {
		_ = p.Wait(ctx, bystander, func(context.Context) (bool, error) { looked <- struct{}{}; return false, nil })
	}()
	<-looked
	<-looked // from here on only another process wakes the bystander
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := p.WaitFor(ctx, id, func(i instrument.Instance) (bool, error) {
			if i.Version > 1 {
				return count(t, i) == 2, nil
			}
			if err := errors.Join(p.Update(ctx, add(id, 1)), other.Update(ctx, add(id, 1))); err != nil {
				return false, err
			}
			<-looked                                   // both changes have rung, or one is still about to …
			return false, p.Update(ctx, add(third, 1)) // … and has now
		})
		if err != nil {
			t.Error(err)
		}
	}()
	wait(t, done, "the change of the other process is seen")
}
