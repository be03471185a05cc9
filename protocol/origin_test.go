package protocol

import (
	"net/url"
	"path"
	"strings"
	"testing"
)

// FuzzBelow: whatever a plugin asks for, the request goes to the origin that was granted, below its
// path, however often somebody on the way unescapes it.
func FuzzBelow(f *testing.F) {
	for _, seed := range []string{
		"", "/", "/refunds?id=7", "//evil.example/", "@evil.example", "/../admin", "/%2e%2e/admin", "/a%2f..%2f..%2fadmin", "\\..\\admin", "/%5c..", "#x", "/a?b=/../c", ":80/", "\r\nHost: evil", "/a//b",
	} {
		f.Add("/v1", seed)
		f.Add("", seed)
	}
	f.Fuzz(func(t *testing.T, root, rest string) {
		base, err := url.Parse("https://provider.example:8443" + root)
		if err != nil || base.Host != "provider.example:8443" || base.RawQuery != "" || base.Fragment != "" || path.Clean(base.Path+"/") != strings.TrimSuffix(base.Path, "/") && base.Path != "" {
			return // no address is like this
		}
		text, err := below(base, rest)
		if err != nil {
			return
		}
		u, err := url.Parse(text)
		if err != nil || u.Scheme != base.Scheme || u.Host != base.Host || u.User != nil || u.Fragment != "" {
			t.Fatalf("%q goes to %q, %v", rest, text, err)
		}
		if in := path.Clean(u.Path) + "/"; !strings.HasPrefix(in, strings.TrimSuffix(base.Path, "/")+"/") {
			t.Errorf("%q below %q is %q, which leads to %q", rest, base, text, in)
		}
	})
}
