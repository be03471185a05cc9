package profile_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/controller/store"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// The test binary is another process that spends when this names the database.
const spenderEnv = "SWAPEROO_PROFILE_TEST_SPENDER"

func TestMain(m *testing.M) {
	path := os.Getenv(spenderEnv)
	if path == "" {
		os.Exit(m.Run())
	}
	spent, err := spenders(path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(spent)
}

const (
	spendersEach = 20
	triesEach    = 10
	dayLimit     = 100 // of 3·20·10 that are tried
)

func onFile(db *store.DB, runner string) *profile.Manager {
	return profile.NewManager(profile.Parts{Store: db, Hash: keyed, Clock: time.Now, Random: rand.Reader, Policy: profile.UserPolicy(), Runner: runner})
}

// spenders spends one franc after the other, from many sides, and counts how
// often it was permitted. Every fifth payment fails and is given back.
func spenders(path string) (int64, error) {
	db, err := store.Open(context.Background(), path, store.Options{})
	if err != nil {
		return 0, err
	}
	runner := strconv.Itoa(os.Getpid())
	m := onFile(db, runner)
	me, err := m.Principal(context.Background(), "gary")
	if err != nil {
		return 0, err
	}
	var spent atomic.Int64
	var all sync.WaitGroup
	failed := make(chan error, spendersEach)
	for s := range spendersEach {
		all.Go(func() {
			for n := range triesEach {
				a := profile.Action{
					Principal: me, Class: "card", Spends: true, Amount: instrument.Amount{Currency: "CHF", Value: 1},
					ID: instrument.OperationID(fmt.Sprint(runner, "-", s, "-", n)),
				}
				h, err := m.Reserve(context.Background(), a)
				if errors.Is(err, fault.Denied) {
					continue
				}
				moved := a.Amount
				if n%5 == 4 {
					moved = instrument.Amount{}
				}
				if err == nil {
					err = h.Settle(context.Background(), moved)
				}
				if err != nil {
					failed <- err
					return
				}
				if !moved.IsZero() {
					spent.Add(1)
				}
			}
		})
	}
	all.Wait()
	close(failed)
	return spent.Load(), errors.Join(<-failed, db.Close())
}

// TestALimitHoldsAgainstManySpendersInThreeProcesses: no more is spent than the
// limit says, however many try at once.
func TestALimitHoldsAgainstManySpendersInThreeProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	db, err := store.Open(t.Context(), path, store.Options{})
	check(t, err)
	m := onFile(db, "test")
	_, err = m.Add(t.Context(), profile.Principal{ID: "gary", Kind: profile.Person, Name: "gary", Limits: limits(t, "day CHF:"+strconv.Itoa(dayLimit)+" month CHF:"+strconv.Itoa(dayLimit))})
	check(t, err)
	exe, err := os.Executable()
	check(t, err)
	var out [3]bytes.Buffer
	var others [3]*exec.Cmd
	for n := range others {
		others[n] = exec.Command(exe)
		others[n].Env, others[n].Stdout, others[n].Stderr = append(os.Environ(), spenderEnv+"="+path), &out[n], os.Stderr
		check(t, others[n].Start())
	}
	sum := 0
	for n := range others {
		check(t, others[n].Wait())
		spent, err := strconv.Atoi(strings.TrimSpace(out[n].String()))
		check(t, err)
		sum += spent
	}
	counted, err := db.Spent(t.Context(), "gary", "CHF", "", time.Unix(0, 0))
	check(t, err)
	if sum > dayLimit || counted.Value != uint64(sum) || sum < dayLimit-3*spendersEach { // what is given back last may stay unspent
		t.Errorf("%d were spent and %s counted; the limit is %d", sum, counted, dayLimit)
	}
	check(t, db.Close())
}
