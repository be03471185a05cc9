package wallet

import "testing"

func TestLanguagesOfALocale(t *testing.T) {
	for _, row := range []struct {
		all, messages, lang, want string
	}{
		{"", "", "", ""},
		{"", "", "de_CH.UTF-8", "de-CH, de;q=0.9, en;q=0.5"},
		{"", "", "ca@valencia", "ca, en;q=0.5"},
		{"", "", "en_GB", "en-GB, en;q=0.9"},
		{"", "fr_CH", "de_CH", "fr-CH, fr;q=0.9, en;q=0.5"},
		{"rm_CH", "fr_CH", "de_CH", "rm-CH, rm;q=0.9, en;q=0.5"},
		{"C", "", "de_CH", ""},
		{"", "", "C.UTF-8", ""},
		{"", "", "POSIX", ""},
		{"", "", "de\r\nX-Evil: 1", ""},
	} {
		env := map[string]string{"LC_ALL": row.all, "LC_MESSAGES": row.messages, "LANG": row.lang}
		if got := languages(func(name string) string { return env[name] }); got != row.want {
			t.Errorf("%v: %q", env, got)
		}
	}
}
