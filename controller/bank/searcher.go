package bank

import (
	"container/heap"
	"time"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/instrument"
)

// searcher looks for payments of withdrawals that ended unconfirmed, and of those for which
// a second notice came. All that it knows is in the database; a new life begins by
// searching once for each. It belongs to one goroutine.
type searcher struct {
	b      *Bank
	begun  bool           // what ended in earlier lives was read
	read   instrument.Seq // of the journal: what ended since is in it
	second instrument.Seq // of SecondNotices
	known  map[instrument.ID]bool
	due    searches
	busy   int                         // searches under way, or not back in due yet
	done   chan search                 // has room for all of them
	sooner map[instrument.ID]time.Time // second notices that came during a search of their withdrawal
}

func newSearcher(b *Bank, read instrument.Seq) *searcher {
	return &searcher{
		b: b, read: read, known: map[instrument.ID]bool{}, done: make(chan search, b.cfg.Searching.AtOnce), sooner: map[instrument.ID]time.Time{},
	}
}

// begin finds what ended in earlier lives, and notices that nobody has decided.
func (s *searcher) begin() error {
	return s.b.scan(s.b.life, string(taler.StateAborted), func(i instrument.Instance, w taler.Withdrawal) (bool, error) {
		s.add(i.ID, w)
		return s.b.life.Err() == nil, s.b.life.Err()
	}, s.b.passes)
}

// add takes up a withdrawal that was aborted.
func (s *searcher) add(id instrument.ID, w taler.Withdrawal) {
	if w.Undecided() {
		s.b.ask(id, w)
	}
	if w.Searched != 0 || s.known[id] {
		return
	}
	s.known[id] = true
	now, ended := s.b.Now(), time.Unix(w.Aborted, 0)
	if ended.After(now) { // by a clock that was put right since
		ended = now
	}
	first := ended.Add(s.b.cfg.Searching.First)
	if first.Before(now) {
		first = now
	}
	heap.Push(&s.due, search{id: id, ended: ended, at: first})
}

// journalled is how many entries of the journal are read at a time.
const journalled = 1024

// look reads which withdrawals have ended since the last look, what an operator's command
// beside the bank has found, and second notices. At first it also reads what ended in
// earlier lives, and tries that again until it succeeds.
func (s *searcher) look() error {
	if !s.begun {
		if err := s.begin(); err != nil {
			return err
		}
		s.begun = true
	}
	for {
		page, err := s.b.Instruments().Journal(s.b.life, instrument.Operations, instrument.Page{After: s.read, Limit: journalled})
		if err != nil {
			return err
		}
		for _, e := range page {
			if err := s.hear(e); err != nil {
				return err
			}
			s.read = e.Seq
		}
		if len(page) < journalled {
			return s.readSecond()
		}
	}
}

// hear takes up what an entry of the journal tells of, if that is a withdrawal that was
// aborted or a return that is pending.
func (s *searcher) hear(e instrument.Entry) error {
	switch {
	case e.Class == ClassReturn && e.Status == string(taler.TransferPending):
		s.b.giveBack(e.Instance)
		return nil
	case e.Class != ClassWithdrawal || e.Status != string(taler.StateAborted):
		return nil
	}
	w, err := s.b.view(s.b.life, e.Instance)
	if isAltered(err) {
		return s.b.passes(e.Instance, err)
	}
	if err == nil {
		s.add(e.Instance, w)
	}
	return err
}

// work makes the searches that become due during that time.
func (s *searcher) work(during time.Duration) {
	timer := time.NewTimer(during)
	defer timer.Stop()
	for {
		for s.busy < cap(s.done) && len(s.due) > 0 && !s.due[0].at.After(s.b.Now()) {
			s.start(heap.Pop(&s.due).(search))
		}
		select {
		case x := <-s.done:
			s.busy--
			if noticed, again := s.sooner[x.id]; again { // the search may have looked too early
				delete(s.sooner, x.id)
				x.hasten(noticed, s.b.Now())
			}
			if x.at.IsZero() {
				delete(s.known, x.id)
				s.b.watchesNoMore(x.id)
			} else {
				heap.Push(&s.due, x)
			}
		case <-timer.C:
			return
		case <-s.b.life.Done():
			return
		}
	}
}

func (s *searcher) start(x search) {
	s.busy++
	b, began := s.b, s.b.Now()
	b.background(func() {
		over, last, err := b.search(&x, began)
		switch {
		case err != nil:
			x.at = began.Add(b.cfg.Searching.First)
			if b.life.Err() == nil && !isUnanswered(err) {
				b.Log().Warn("payments of a withdrawal that has ended cannot be looked for", "withdrawal", x.id, "error", err)
			}
		case over:
			x.at = time.Time{}
		case last:
			x.at = began.Add(b.cfg.Searching.Longest)
		default:
			x.at = b.cfg.Searching.next(x.ended, began)
		}
		s.done <- x
	})
}

// searches are a heap, the next one first.
type searches []search

func (s searches) Len() int           { return len(s) }
func (s searches) Less(i, j int) bool { return s[i].at.Before(s[j].at) }
func (s searches) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }

// Push implements heap.Interface.
func (s *searches) Push(x any) { *s = append(*s, x.(search)) }

// Pop implements heap.Interface.
func (s *searches) Pop() any {
	old := *s
	last := old[len(old)-1]
	*s = old[:len(old)-1]
	return last
}
