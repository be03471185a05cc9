package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestMain(m *testing.M) {
	if os.Getenv("VET_AS_MAIN") != "" {
		main()
	}
	os.Exit(m.Run())
}

func TestFilesForAnotherSystemAreVetted(t *testing.T) {
	for name, text := range map[string]string{
		"":                            "",
		"undefined: missing":          "var _ = missing",
		"declared and not used":       "func f() { x := 1 }",
		"has arg \"1\" of wrong type": `import "fmt"; var _ = fmt.Sprintf("%d", "1")`,
		"could not import strconvs":   `import _ "strconvs"`,
	} {
		dir := t.TempDir()
		for file, text := range map[string]string{
			"go.mod": "module example.com/x\n\ngo 1.26\n", "x.go": "package x\n",
			"x_windows.go": "package x\n" + text + "\n",
		} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for _, system := range []string{"linux", "windows"} {
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			vet := exec.Command(self, "./...")
			vet.Dir, vet.Env = dir, append(os.Environ(), "VET_AS_MAIN=1", "GOOS="+system, "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")
			said, err := vet.CombinedOutput()
			if wrong := name != "" && system == "windows"; (err != nil) != wrong || wrong && !strings.Contains(string(said), name) {
				t.Errorf("%q on %s: %v\n%s", text, system, err, said)
			}
		}
	}
}
