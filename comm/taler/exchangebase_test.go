package taler

import "testing"

func TestAnAddressHasOneSpelling(t *testing.T) {
	for said, want := range map[string]string{
		"https://exchange.example/":           "https://exchange.example/",
		"https://exchange.example":            "https://exchange.example/",
		"HTTPS://Exchange.Example":            "https://exchange.example/",
		"https://exchange.example:443/A/b":    "https://exchange.example/A/b/",
		"https://exchange.example:8443":       "https://exchange.example:8443/",
		"http://LOCALHOST:80/":                "http://localhost/",
		"http://localhost:443/":               "http://localhost:443/",
		"https://[2001:DB8::1]:443/x%20y/z/":  "https://[2001:db8::1]/x%20y/z/",
		"https://exchange.example/%41/..%2F/": "https://exchange.example/%41/..%2F/",
		"exchange.example":                    "exchange.example/",
	} {
		if got := ExchangeBase(said); got != want {
			t.Errorf("%s is %s, not %s", said, got, want)
		}
	}
}
