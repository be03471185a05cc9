package taler

import (
	"errors"
	"testing"

	"github.com/swaperoo/swaperoo/comm/fault"
)

func TestVersionsThatAreMalformed(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "two parts": "1:0", "four parts": "1:0:1:0", "a word": "a:b:c", "negative": "1:0:-1",
		"blank": "1: 0:1", "empty part": "1::1", "age above current": "1:0:2", "beyond 32 bits": "4294967296:0:0",
	} {
		t.Run(name, func(t *testing.T) {
			v, err := ParseVersion(text)
			if !errors.Is(err, fault.Invalid) || fault.ReasonOf(err) != ReasonVersionMalformed {
				t.Errorf("ParseVersion(%q) = %v, %v", text, v, err)
			}
		})
	}
}

// The servers and wallets whose versions were seen in the wild (Taler docs,
// exchange 0.14.1, libeufin of May 2024, wallet-core of December 2022).
func TestCompatibleWithTheVersionsInTheWild(t *testing.T) {
	for name, row := range map[string]struct {
		me    Version
		other string
		want  bool
	}{
		"wallet of 2022 at our bank":        {IntegrationVersion, "0:0:0", true},
		"our wallet at fakebank":            {IntegrationVersion, "1:0:1", true},
		"our wallet at libeufin":            {IntegrationVersion, "2:0:2", true},
		"a bank without age":                {IntegrationVersion, "6:0:0", false},
		"a bank that still knows 5":         {IntegrationVersion, "7:0:2", true},
		"exchange 0.14.1":                   {ExchangeClient, "23:0:6", true},
		"an exchange before batch-withdraw": {ExchangeClient, "14:0:3", false},
		"an exchange of another time":       {ExchangeClient, "40:0:5", false},
		"the next one that still has it":    {ExchangeClient, "26:0:1", true},
		"a terminal of version 0":           {TerminalVersion, "0:3:0", true},
		"a terminal of version 1, age 1":    {TerminalVersion, "1:0:1", true},
		"a terminal of version 1, no age":   {TerminalVersion, "1:0:0", false},
	} {
		t.Run(name, func(t *testing.T) {
			other, err := ParseVersion(row.other)
			if err != nil {
				t.Fatal(err)
			}
			if got := Compatible(row.me, other); got != row.want {
				t.Errorf("Compatible(%s, %s) = %v", row.me, other, got)
			}
			if got := Compatible(other, row.me); got != row.want {
				t.Errorf("Compatible(%s, %s) = %v: not symmetric", other, row.me, got)
			}
		})
	}
}

func FuzzParseVersion(f *testing.F) {
	for _, seed := range []string{"5:0:5", "0:0:0", "23:0:6", "1:0", "::", "+1:0:0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := ParseVersion(text)
		if err != nil {
			return
		}
		if again, err := ParseVersion(v.String()); err != nil || again != v {
			t.Errorf("%q reads as %v, which reads as %v, %v", text, v, again, err)
		}
		if !Compatible(v, v) {
			t.Errorf("%v is not compatible with itself", v)
		}
	})
}
