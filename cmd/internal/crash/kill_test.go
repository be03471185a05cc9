//go:build unix

package crash_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/protocol"
)

// stages are the two protocols that are killed: the plain one, and the hard one
// with somebody else who changes the vendor's till before each commit.
var stages = []stage{{protocol: pay}, {protocol: trade, bump: true}}

// leastPoints are fewer than there are; with less the hooks have got lost.
const leastPoints = 90

// TestKillAtEveryPoint kills the client, the vendor, and the plugin of each, at
// every point that they pass; and both of them, each at one of its points. It
// starts them again and checks after each run.
func TestKillAtEveryPoint(t *testing.T) {
	var jobs []job
	points, both := 0, 0
	for _, s := range stages {
		client, vendor := traced(t, s)
		points += len(client) + len(vendor)
		jobs = append(jobs, oneIn(share, singles(s, client, vendor))...)
		two := twos(s, len(client), len(vendor))
		both += len(two)
		jobs = append(jobs, oneIn(share, sample(two))...)
	}
	if points < leastPoints {
		t.Errorf("there are only %d points", points)
	}
	began := time.Now()
	sum := killAll(t, jobs)
	line := fmt.Sprintf("%d points; %d runs with %d kills, of %d pairs; %d payments made, %d refused without a trace left, in %s",
		points, len(jobs), sum.kills, both, sum.paid, sum.refused, time.Since(began).Round(time.Second))
	t.Log(line)
	fmt.Println(line)
}

// traced runs once without a kill and names the points of both.
func traced(t *testing.T, s stage) (client, vendor []string) {
	w := newWorld(t, s)
	r := w.run(kill{})
	for _, problem := range r.problems {
		t.Errorf("%s, nobody killed: %s", s.protocol, problem)
	}
	for side, points := range map[string][]string{"client": r.client, "vendor": r.vendor} {
		t.Logf("%s passes %d points at the %s:\n%s", s.protocol, len(points), side, numbered(points))
	}
	return r.client, r.vendor
}

func numbered(points []string) string {
	out := make([]string, len(points))
	for n, p := range points {
		out[n] = fmt.Sprintf("%d %s", n+1, p)
	}
	return strings.Join(out, ", ")
}

// job is one run in one world.
type job struct {
	stage stage
	kill  kill
}

// singles kills one process in each run: a party at each of its points, or its
// plugin at each frame that goes in or out.
func singles(s stage, client, vendor []string) []job {
	var jobs []job
	each := func(points []string, who func(arm) kill) {
		for n, name := range points {
			k := who(arm{Kill: n + 1})
			k.keyed = n%3 == 2
			jobs = append(jobs, job{s, k})
			if name == string(protocol.PointSteps) || name == string(protocol.PointAnswer) {
				k = who(arm{Kill: n + 1, Plugin: true})
				k.keyed = n%3 == 2
				jobs = append(jobs, job{s, k})
			}
		}
	}
	each(client, func(a arm) kill { return kill{client: a} })
	each(vendor, func(a arm) kill { return kill{vendor: a} })
	return jobs
}

// twos kills both parties in each run.
func twos(s stage, client, vendor int) []job {
	var jobs []job
	for c := range client {
		for v := range vendor {
			jobs = append(jobs, job{s, kill{client: arm{Kill: c + 1}, vendor: arm{Kill: v + 1}, keyed: (c+v)%3 == 2}})
		}
	}
	return jobs
}

// sample takes some of the pairs, the same each time, unless all are asked for, or
// another number of them.
func sample(two []job) []job {
	some, err := strconv.Atoi(*pairs)
	if err != nil {
		some = 30
	}
	if *pairs == "all" || len(two) <= some {
		return two
	}
	var out []job
	for n := range some { // a step that shares no factor with either side spreads them
		out = append(out, two[n*len(two)/some+n*7%(len(two)/some)])
	}
	return out
}

// oneIn takes one in so many.
func oneIn[J any](so int, jobs []J) []J {
	var some []J
	for n := 0; n < len(jobs); n += so {
		some = append(some, jobs[n])
	}
	return some
}

// tally counts what has happened.
type tally struct {
	mu                   sync.Mutex
	kills, paid, refused int
}

// killAll runs the jobs in several worlds at once: most of the time is spent
// waiting, for a start or for a disk. A world in which something went wrong would
// disturb what comes after, so nothing more is done in it.
func killAll(t *testing.T, jobs []job) *tally {
	sum := &tally{}
	queue := make(chan job, len(jobs))
	for _, j := range jobs {
		queue <- j
	}
	close(queue)
	var all sync.WaitGroup
	for range *workers {
		worlds := map[string]*world{}
		for _, s := range stages {
			worlds[s.protocol] = newWorld(t, s)
		}
		all.Go(func() {
			for j := range queue {
				if !worlds[j.stage.protocol].does(t, j, sum) {
					return
				}
			}
			for _, w := range worlds {
				for _, problem := range w.over() {
					t.Errorf("%s, at the end: %s", w.protocol, problem)
				}
			}
		})
	}
	all.Wait()
	if left := len(queue); left > 0 {
		t.Errorf("%d runs were not made", left)
	}
	return sum
}

// does runs a job and says whether all is well.
func (w *world) does(t *testing.T, j job, sum *tally) bool {
	r := w.run(j.kill)
	died := slices.DeleteFunc(r.deaths, func(at string) bool { return at == "" })
	sum.mu.Lock()
	sum.kills += len(died)
	if r.outcome.Kind == "" {
		sum.paid++
	} else {
		sum.refused++
	}
	sum.mu.Unlock()
	if len(r.problems) == 0 {
		return true
	}
	t.Errorf("%s, kill %s(%s):\n  %s\nclient:\n%s\nvendor:\n%s", j.stage.protocol, j.kill, strings.Join(died, ", "),
		strings.Join(r.problems, "\n  "), tail(t, w.client.log), tail(t, w.vendor.log))
	return false
}
