package swaperoo_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/comm/taler"
	"github.com/swaperoo/swaperoo/controller"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/crypto"
	"github.com/swaperoo/swaperoo/crypto/masked"
	pure "github.com/swaperoo/swaperoo/crypto/taler"
	"github.com/swaperoo/swaperoo/plugins/card/onetime"
)

// TestNoSecretIsShown prints and logs every type that holds a secret, and writes it as JSON. Those
// that are written into a sealed state as they are come out there, and nowhere else.
func TestNoSecretIsShown(t *testing.T) {
	const raw = "this is the secret of 32 bytes!!"
	must := func(v any, err error) any {
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	key, err := onetime.NewKey([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	for name, secret := range map[string]struct {
		value any
		json  string // empty: none, or nothing of the secret
	}{
		"crypto.Secret":         {crypto.NewSecret([]byte(raw)), ""},
		"crypto.Identity":       {crypto.NewIdentity(crypto.NewSecret([]byte(raw))), ""},
		"crypto.Lock":           {crypto.Passphrase(crypto.NewSecret([]byte(raw))), ""},
		"taler.EddsaPrivateKey": {must(pure.NewEddsaPrivateKey([]byte(raw))), ""},
		"taler.Seed":            {must(pure.NewSeed([]byte(raw))), ""},
		"controller.Login":      {controller.Login{Name: "till", Token: raw}, `{"Name":"till"}`},
		"taler.Authorization":   {taler.Basic(raw, raw), ""},
		"onetime.Key":           {key, ""},
		"onetime.Card":          {onetime.Card{Account: "a", Key: key}, ""},
		"taler.StoredSecret":    {taler.StoredSecret([]byte(raw)), `"` + pure.Encode([]byte(raw)) + `"`},
		"bank.Key":              {bank.Key(raw), `"` + raw + `"`},
		"masked.Text":           {masked.Text(raw), `"` + raw + `"`},
	} {
		t.Run(name, func(t *testing.T) {
			v := secret.value
			held := struct{ Open any }{v}
			shown := map[string]string{}
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
				shown[verb] = fmt.Sprintf(verb, v) + fmt.Sprintf(verb, &v) + fmt.Sprintf(verb, held) + fmt.Sprintf(verb, map[string]any{"k": v})
				if secret.json == "" {
					shown[verb] += fmt.Sprintf(verb, struct{ hidden any }{v}) + fmt.Sprintf(verb, []any{&struct{ hidden any }{&v}})
				}
			}
			var log bytes.Buffer
			slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", v, "held", held)
			slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", v)
			shown["log"] = log.String()
			if text, err := json.Marshal(v); secret.json != "" && string(text) != secret.json {
				t.Errorf("as JSON it is %s, %v", text, err)
			} else if err == nil && secret.json == "" {
				shown["JSON"] = string(text)
			}
			for how, text := range shown {
				for _, sign := range []string{
					"secret of", hex.EncodeToString([]byte(raw))[10:30], fmt.Sprintf("%d", []byte(raw))[1:20], "0x74, 0x68", pure.Encode([]byte(raw))[:20],
					base64.RawStdEncoding.EncodeToString([]byte(raw))[:20],
				} {
					if strings.Contains(strings.ToLower(text), strings.ToLower(sign)) {
						t.Errorf("%s shows %q: %s", how, sign, text)
					}
				}
			}
		})
	}
}

// TestSecretsAreMaskedInOnePlace: who writes the mask by hand forgets one of its ways.
func TestSecretsAreMaskedInOnePlace(t *testing.T) {
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") || filepath.Dir(file) == filepath.Join("crypto", "masked") {
			return err
		}
		text, err := os.ReadFile(file)
		if bytes.Contains(text, []byte(`"`+masked.Shown+`"`)) {
			t.Errorf("%s hides a secret by itself: that is crypto/masked's", file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
