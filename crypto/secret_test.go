package crypto_test

import (
	"bytes"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/swaperoo/swaperoo/crypto"
)

func TestSecretsDoNotPrint(t *testing.T) {
	raw := []byte("this is the secret of 32 bytes!!")
	secret := crypto.NewSecret(raw)
	identity := crypto.NewIdentity(secret)
	certificate, err := crypto.TLSCertificate(identity)
	if err != nil {
		t.Fatal(err)
	}
	holder := struct {
		Open        crypto.Secret
		hidden      crypto.Secret
		lock        crypto.Lock
		slot        crypto.Slot
		identity    *crypto.Identity
		certificate tls.Certificate
	}{secret, secret, crypto.Passphrase(secret), crypto.Slot{Name: "gary", Lock: crypto.Passphrase(secret)}, identity, certificate}

	texts := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		texts["secret "+verb] = fmt.Sprintf(verb, secret)
		texts["holder "+verb] = fmt.Sprintf(verb, holder)
		texts["pointer "+verb] = fmt.Sprintf(verb, &holder)
		texts["identity "+verb] = fmt.Sprintf(verb, *identity)
		texts["lock "+verb] = fmt.Sprintf(verb, holder.lock)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", secret, "holder", holder, "identity", identity)
	texts["log"] = log.String()
	signs := []string{"the secret of", fmt.Sprintf("%d", raw)[1:20], hex.EncodeToString(raw)[:20], strings.ToUpper(hex.EncodeToString(raw)[:20]), "0x74, 0x68"}
	for name, text := range texts {
		for _, sign := range signs {
			if strings.Contains(text, sign) {
				t.Errorf("%s shows %q: %s", name, sign, text)
			}
		}
	}
}

func TestSecretsAreNotMarshalled(t *testing.T) {
	secret := crypto.NewSecret([]byte("secret"))
	for name, v := range map[string]any{
		"secret": secret, "field": struct{ S crypto.Secret }{secret}, "map key": map[crypto.Secret]int{secret: 1},
	} {
		if text, err := json.Marshal(v); err == nil {
			t.Errorf("%s is written as %s", name, text)
		}
	}
}

func TestWipeReachesEveryCopy(t *testing.T) {
	source := []byte("secret")
	secret := crypto.NewSecret(source)
	source[0] = 'X'
	copied, kept := secret, secret.Bytes()
	secret.Wipe()
	if copied.Len() != 0 || len(copied.Bytes()) != 0 {
		t.Error("a copy still has the bytes")
	}
	if string(kept) != "secret" {
		t.Errorf("Bytes shares memory: %q", kept)
	}
	crypto.Secret{}.Wipe()
}
