package rest

import "time"

// Moment sets how long requests wait in their handlers.
func (a *API) Moment(d time.Duration) { a.moment = d }
