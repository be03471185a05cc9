package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/controller/store"
	"github.com/swaperoo/swaperoo/instrument"
)

const concurrent = 100

// BenchmarkGroupCommit puts the same units of work, 100 at a time, through a
// store that groups them and through one that commits each, and reports both
// rates and their ratio.
func BenchmarkGroupCommit(b *testing.B) {
	grouped, perCommit := throughput(b, store.Options{})
	single, _ := throughput(b, store.Options{Batch: 1})
	b.ReportMetric(grouped, "units/s")
	b.ReportMetric(single, "units/s-alone")
	b.ReportMetric(grouped/single, "ratio")
	b.ReportMetric(perCommit, "units/commit")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkCommitPerUnit is the other half alone, for profiles.
func BenchmarkCommitPerUnit(b *testing.B) {
	single, _ := throughput(b, store.Options{Batch: 1})
	b.ReportMetric(single, "units/s-alone")
}

// BenchmarkOneCaller is the latency of one durable unit of work.
func BenchmarkOneCaller(b *testing.B) {
	db := openBench(b, store.Options{})
	n := 0
	for b.Loop() {
		n++
		if err := db.UpdateInstruments(context.Background(), smallUnit(instrument.ID(fmt.Sprint(n)))); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRow reads one instance by its id.
func BenchmarkRow(b *testing.B) {
	db := openBench(b, store.Options{})
	ctx := context.Background()
	if err := db.UpdateInstruments(ctx, smallUnit("row")); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := db.Row(ctx, "row"); err != nil {
			b.Fatal(err)
		}
	}
}

func throughput(b *testing.B, o store.Options) (perSecond, perCommit float64) {
	b.Helper()
	db := openBench(b, o)
	each := max(1, b.N/concurrent)
	var ids atomic.Int64
	start := time.Now()
	var wg sync.WaitGroup
	for range concurrent {
		wg.Go(func() {
			for range each {
				id := instrument.ID(fmt.Sprintf("%09d", ids.Add(1))) // in order, as real ones
				if err := db.UpdateInstruments(context.Background(), smallUnit(id)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	s := db.Stats()
	return float64(s.Units) / time.Since(start).Seconds(), float64(s.Units) / float64(s.Commits)
}

func smallUnit(id instrument.ID) func(instrument.Writer) error {
	body := make([]byte, 400)
	return func(w instrument.Writer) error {
		if err := w.Insert(instrument.Row{ID: id, Class: "coupon", Owner: "me", Status: "new", Version: 1, Sealed: body}); err != nil {
			return err
		}
		_, err := w.Append(instrument.EntryRow{Topic: instrument.Operations, Class: "coupon", Instance: id},
			func(instrument.Seq) ([]byte, error) { return body, nil })
		return err
	}
}

func openBench(b *testing.B, o store.Options) *store.DB {
	b.Helper()
	db, err := store.Open(context.Background(), filepath.Join(b.TempDir(), "b.db"), o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	return db
}

// BenchmarkOpen opens and closes a database that is there, as each command of
// the wallet does.
func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "b.db")
	for b.Loop() {
		db, err := store.Open(context.Background(), path, store.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPage reads 100 entries from the middle of a topic of many.
func BenchmarkPage(b *testing.B) {
	db := openBench(b, store.Options{})
	ctx := context.Background()
	const n = 100_000
	if err := db.UpdateInstruments(ctx, func(w instrument.Writer) error {
		body := make([]byte, 300)
		for range n {
			if _, err := w.Append(instrument.EntryRow{Topic: "incoming"},
				func(instrument.Seq) ([]byte, error) { return body, nil }); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		page, err := db.Entries(ctx, "incoming", instrument.Page{After: n / 2, Limit: 100})
		if err != nil || len(page) != 100 {
			b.Fatal(len(page), err)
		}
	}
}
