package banktest

import (
	"context"
	"fmt"
)

// WaitHeld waits until so many requests are held in long polls.
func (h *House) WaitHeld(ctx context.Context, n int) error {
	for {
		h.mu.Lock()
		enough, bell := h.held >= n, h.bell
		h.mu.Unlock()
		if enough {
			return nil
		}
		select {
		case <-bell:
		case <-ctx.Done():
			return fmt.Errorf("%d requests were never held at a time: %w", n, ctx.Err())
		}
	}
}

func (h *House) holds(now int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.held = now
	close(h.bell)
	h.bell = make(chan struct{})
}
