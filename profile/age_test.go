package profile_test

import (
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

func TestWhoIsOldEnough(t *testing.T) {
	for _, row := range []struct {
		name      string
		kind      profile.Kind
		born, age string
		now       string
		want      fault.Reason
	}{
		{"nothing is asked", profile.Customer, "", "", "2026-06-01", ""},
		{"old enough", profile.Customer, "2000-01-01", "18", "2026-06-01", ""},
		{"on the birthday", profile.Customer, "2008-06-01", "18", "2026-06-01", ""},
		{"a day before", profile.Customer, "2008-06-02", "18", "2026-06-01", "age-too-low"},
		{"born on a leap day, the day before", profile.Customer, "2008-02-29", "18", "2026-02-28", "age-too-low"},
		{"born on a leap day, the day after", profile.Customer, "2008-02-29", "18", "2026-03-01", ""},
		{"not known when", profile.Customer, "", "18", "2026-06-01", "age-unknown"},
		{"nonsense is kept", profile.Customer, "soon", "18", "2026-06-01", "age-unknown"},
		{"nonsense is asked", profile.Customer, "2000-01-01", "old", "2026-06-01", "age-malformed"},
		{"less than nothing is asked", profile.Customer, "2000-01-01", "-1", "2026-06-01", "age-malformed"},
		{"not born yet", profile.Customer, "2030-01-01", "0", "2026-06-01", "age-too-low"},
		{"an anonymous payer", profile.Person, "", "18", "2026-06-01", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			now, err := time.Parse(time.DateOnly, row.now)
			check(t, err)
			w := newWallet(t)
			w.now = now
			m := profile.NewManager(profile.Parts{Store: w.db, Hash: keyed, Clock: func() time.Time { return now }, Policy: profile.CustomerPolicy()})
			a := profile.Action{Principal: profile.Principal{ID: "c", Kind: row.kind, Facts: map[string]string{profile.FactBorn: row.born}}}
			if row.age != "" {
				a.Invoice = instrument.Invoice{profile.InvoiceAge: row.age}
			}
			if err := m.Authorise(t.Context(), a); fault.ReasonOf(err) != row.want || (err == nil) != (row.want == "") {
				t.Errorf("%v; want %q", err, row.want)
			}
		})
	}
}

// The day is that of UTC, wherever the vendor's clock is.
func TestADayOfBirth(t *testing.T) {
	now, err := time.Parse(time.RFC3339, "2026-06-01T02:00:00+08:00") // the last of May
	check(t, err)
	m := profile.NewManager(profile.Parts{Store: newWallet(t).db, Hash: keyed, Clock: func() time.Time { return now }, Policy: profile.CustomerPolicy()})
	err = m.Authorise(t.Context(), profile.Action{
		Principal: profile.Principal{ID: "c", Kind: profile.Customer, Facts: map[string]string{profile.FactBorn: "2008-06-01"}},
		Invoice:   instrument.Invoice{profile.InvoiceAge: "18"},
	})
	if fault.ReasonOf(err) != "age-too-low" {
		t.Errorf("hours before the birthday: %v", err)
	}
	for text, want := range map[string]fault.Reason{"2008-02-29": "", "2009-02-29": "born-malformed", "29.2.2008": "born-malformed", "": "born-malformed"} {
		if _, err := profile.ParseBorn(text); fault.ReasonOf(err) != want || (err == nil) != (want == "") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
