package host

import (
	"context"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/api"
	"github.com/swaperoo/swaperoo/plugins/api/wire"
	"github.com/swaperoo/swaperoo/protocol"
)

// class is the instrument.Class of a plugin's class.
type class struct {
	bundle *Bundle
	role   comm.Role
	info   instrument.Info
}

// Info implements instrument.Class.
func (c *class) Info() instrument.Info { return c.info }

// Check implements instrument.Class. If the plugin does not answer in time the change is refused, as
// fault.Unavailable; others are not held up.
func (c *class) Check(before, after *instrument.Instance) error {
	if !c.info.Checks {
		return nil
	}
	if l := c.bundle.running(); l != nil && l.allowed.take(api.NameAllowed(c.role, before, after)) {
		return nil
	}
	request := &wire.CheckRequest{Role: string(c.role), Class: string(c.info.ID), Old: optional(before), New: optional(after)}
	var answer *wire.CheckAnswer
	err := c.ask("Check", func(ctx context.Context, rpc wire.PluginClient) (err error) {
		answer, err = rpc.Check(ctx, request)
		return err
	})
	if err != nil {
		return err
	}
	return refusal(answer.GetRefusal())
}

// Prefer implements instrument.Class.
func (c *class) Prefer(protocols []string, at instrument.Circumstances) (string, error) {
	request := &wire.PreferRequest{
		Role: string(c.role), Class: string(c.info.ID), Protocols: protocols, Device: at.Device,
		Connectivity: at.Connectivity, Amount: api.WriteAmount(at.Amount), Preferences: at.Preferences,
	}
	var answer *wire.PreferAnswer
	err := c.ask("Prefer", func(ctx context.Context, rpc wire.PluginClient) (err error) {
		answer, err = rpc.Prefer(ctx, request)
		return err
	})
	if err != nil {
		return "", err
	}
	if err := refusal(answer.GetRefusal()); err != nil {
		return "", err
	}
	if !slices.Contains(protocols, answer.GetProtocol()) {
		return "", fault.New(fault.Unsupported, "the class %s prefers a protocol that nobody offered", c.info.ID).Because("protocol-unknown").
			WithHint("a defect of its plugin, which its author can mend; in a session `select %s PROTOCOL` may get past it", c.info.ID)
	}
	return answer.GetProtocol(), nil
}

// ask makes one call to the plugin, with a deadline for its start and one for the answer. Its errors
// are fault.Unavailable.
func (c *class) ask(what string, question func(context.Context, wire.PluginClient) error) error {
	o := c.bundle.host.o
	starting, cancel := context.WithTimeout(context.Background(), o.Start+maxWait)
	defer cancel()
	l, err := c.bundle.life(starting)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), o.Question)
	defer cancel()
	err = question(ctx, l.rpc)
	switch status.Code(err) {
	case codes.OK:
		return nil
	case codes.DeadlineExceeded:
		return fault.Wrap(err, fault.Unavailable, "the plugin %s did not answer %s in time", c.bundle.Name(), what).Because("plugin-slow")
	case codes.ResourceExhausted:
		return fault.Wrap(err, fault.Unavailable, "the plugin %s has too many questions open, or was asked too long a one", c.bundle.Name()).Because("plugin-busy")
	}
	return fault.Wrap(err, fault.Unavailable, "the plugin %s crashed in %s", c.bundle.Name(), what).Because(protocol.ReasonCrashed)
}

func optional(i *instrument.Instance) *wire.Instance {
	if i == nil {
		return nil
	}
	return api.WriteInstance(*i)
}

// refusal is the refusal of a plugin's class as an error; nil for none.
func refusal(w *wire.Fault) error {
	if w == nil {
		return nil
	}
	return cleaned(api.ReadFault(w))
}
