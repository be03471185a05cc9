package store

import (
	"context"
	"database/sql/driver"
	"time"
)

// betweenTries is how long a patient connector waits for another process.
const betweenTries = 5 * time.Millisecond

// patient waits for other processes that open the same file. SQLite's own busy
// time-out does not cover the change to WAL, nor its recovery, which the first
// connection after a crash makes: they answer BUSY at once.
type patient struct {
	driver.Connector
	tries int
}

func newPatient(c driver.Connector, busy time.Duration) patient {
	return patient{c, 1 + int(busy/betweenTries)}
}

// Connect connects, again and again while somebody else holds the file.
func (p patient) Connect(ctx context.Context) (driver.Conn, error) {
	for n := 1; ; n++ {
		c, err := p.Connector.Connect(ctx)
		if err == nil || !isBusy(err) || n >= p.tries {
			return c, err
		}
		select {
		case <-time.After(betweenTries):
		case <-ctx.Done():
			return nil, err
		}
	}
}
