package exchange

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/swaperoo/swaperoo/crypto/masked"
)

// WireGateway is where the exchange's bank tells what came in, and how to log in
// there.
type WireGateway struct {
	masked.Mask

	URL      string
	User     string
	Password string
	LongPoll time.Duration     // default a minute
	Via      http.RoundTripper // default http.DefaultTransport
}

// defaultLongPoll is how long the bank is asked to hold a request.
const defaultLongPoll = 60 * time.Second

// RememberGateway keeps address, user and password in the books for the next
// start.
func (e *Exchange) RememberGateway(ctx context.Context, g WireGateway) error {
	_, err := e.db.ExecContext(ctx, `INSERT INTO gateway (id, url, user, password) VALUES (1, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET url = excluded.url, user = excluded.user, password = excluded.password`,
		g.URL, g.User, g.Password)
	if err != nil {
		return fmt.Errorf("remember the wire gateway: %w", err)
	}
	return nil
}

// Gateway is what was remembered last; found is false before the first time.
func (e *Exchange) Gateway(ctx context.Context) (g WireGateway, found bool, err error) {
	err = e.db.QueryRowContext(ctx, `SELECT url, user, password FROM gateway`).Scan(&g.URL, &g.User, &g.Password)
	if errors.Is(err, sql.ErrNoRows) {
		return WireGateway{}, false, nil
	}
	return g, err == nil, err
}
