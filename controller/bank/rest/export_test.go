package rest

import (
	"context"
	"net/http"
	"time"
)

// Moment sets how long requests wait in their handlers.
func (a *API) Moment(d time.Duration) { a.moment = d }

// Hold makes a path at which requests are held for what see says.
func (a *API) Hold(path string, see func(context.Context, time.Duration) ([]byte, bool, error)) {
	a.routers[""].HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
		if err := a.hold(w, r, time.Hour, nil, see); err != nil {
			a.refuse(w, err)
		}
	})
}
