package exchange_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/swaperoo/swaperoo/cmd/internal/sandbox/exchange"
)

// serveInChild makes this test binary an exchange that only a signal ends.
const serveInChild = "SANDBOX_EXCHANGE_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(serveInChild); dir != "" {
		serveForEver(dir)
	}
	code := m.Run()
	cleanUp()
	os.Exit(code)
}

func serveForEver(dir string) {
	e, err := exchange.Open(dir, exchange.Options{Clock: func() time.Time { return born.Add(time.Minute) }})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	fmt.Println(httptest.NewServer(e.Handler()).URL)
	select {}
}

// What was answered before a kill is there after it, and a reserve has paid for
// exactly the coins that were signed, whatever was in flight.
func TestAKillLosesNothingAndChargesNothingTwice(t *testing.T) {
	w := newWorld(t)
	reserve := w.fill("CHF:10")
	cent := w.denom("CHF:0.05")
	coins := make([][]coin, 60)
	for i := range coins {
		coins[i] = plan(t, reserve, cent)
	}
	w.down()

	child, url := startChild(t, w.dir)
	answered := make(chan int, len(coins))
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for i := worker; i < len(coins); i += 4 {
				if got := postTo(url+withdrawPath(reserve), coins[i]); got == http.StatusOK {
					answered <- i
				}
			}
		})
	}
	sure := map[int]bool{}
	for range 20 {
		sure[<-answered] = true
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // it was killed
	all.Wait()
	close(answered)
	for i := range answered {
		sure[i] = true
	}

	w.up()
	left := w.balance(reserve)
	for i := range sure {
		verify(t, w.withdraw(reserve, coins[i]...), coins[i])
	}
	if got := w.balance(reserve); got != left {
		t.Errorf("what was answered before the kill was charged again: %s, was %s", got, left)
	}
	for i := range coins {
		verify(t, w.withdraw(reserve, coins[i]...), coins[i])
	}
	if got := w.balance(reserve); got != "CHF:6.4" { // 10 - 60 × 0.06
		t.Errorf("after all coins the rest is %s", got)
	}
}

func startChild(t *testing.T, dir string) (*exec.Cmd, string) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = []string{serveInChild + "=" + dir, "GORACE=atexit_sleep_ms=0"}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "http") {
		t.Fatalf("the child said %q, %v", line, err)
	}
	return child, strings.TrimSpace(line)
}

// postTo is the status, or 0 when the connection broke.
func postTo(url string, coins []coin) int {
	text, err := json.Marshal(request(coins...))
	if err != nil {
		return 0
	}
	res, err := http.Post(url, "application/json", bytes.NewReader(text))
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	return res.StatusCode
}
