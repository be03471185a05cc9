package store

import (
	"context"
	"database/sql/driver"
	"time"
)

// betweenTries is how long a patient connector waits for another process.
const betweenTries = 5 * time.Millisecond

// patient is a connector that waits for other processes which open the same file. SQLite's own
// busy time-out covers neither the change to WAL nor the recovery of the log by the first
// connection after a crash: both answer BUSY at once.
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
