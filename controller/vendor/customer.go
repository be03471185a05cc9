package vendor

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/swaperoo/swaperoo/comm/fault"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/profile"
)

// InvoiceProduct names what is bought, in an invoice.
const InvoiceProduct = "product"

// factAge begins the facts of the vendor's own profile that say from which age a
// product is sold.
const factAge = "age of "

// Customer is a customer whom the vendor knows (paper §4): the wallet that has
// this key towards this vendor. All others are anonymous.
type Customer struct {
	Name string `json:"name"`
	Key  string `json:"key"`
	Born string `json:"born,omitempty"` // YYYY-MM-DD
}

// customerID is the principal of a wallet, whether it is known or anonymous.
func customerID(key string) instrument.PrincipalID { return instrument.PrincipalID("customer:" + key) }

func keyOf(id instrument.PrincipalID) string { return strings.TrimPrefix(string(id), "customer:") }

// AddCustomer makes a customer known. A name or key that is known is
// fault.Conflict.
func (t *Terminal) AddCustomer(ctx context.Context, c Customer) error {
	p := profile.Principal{ID: customerID(c.Key), Kind: profile.Customer, Name: c.Name}
	if err := bear(&p, c.Born); err != nil {
		return err
	}
	switch before, err := t.Profiles().Principal(ctx, p.ID); {
	case err == nil && before.Kind == profile.Customer:
		return fault.New(fault.Conflict, "this key is that of %q", before.Name).Because("key-taken")
	case err != nil && !errors.Is(err, fault.NotFound):
		return err
	}
	_, err := t.Profiles().Add(ctx, p)
	return err
}

// SetCustomer changes when a customer was born; empty forgets it.
func (t *Terminal) SetCustomer(ctx context.Context, name, born string) error {
	p, err := t.customer(ctx, name)
	if err != nil {
		return err
	}
	return t.Profiles().Change(ctx, p.ID, func(p *profile.Principal) error { return bear(p, born) })
}

// RemoveCustomer forgets a customer, who is anonymous from then on. What is theirs
// here stays theirs.
func (t *Terminal) RemoveCustomer(ctx context.Context, name string) error {
	p, err := t.customer(ctx, name)
	if err != nil {
		return err
	}
	return t.Profiles().Change(ctx, p.ID, func(p *profile.Principal) error {
		p.Kind, p.Name, p.Facts, p.Limits = profile.Person, keyOf(p.ID), nil, profile.Limits{}
		return nil
	})
}

// Customers lists the customers whom the vendor knows.
func (t *Terminal) Customers(ctx context.Context) ([]Customer, error) {
	all, err := t.Profiles().Principals(ctx, profile.Customer)
	out := []Customer{}
	for _, p := range all {
		out = append(out, Customer{Name: p.Name, Key: keyOf(p.ID), Born: p.Facts[profile.FactBorn]})
	}
	return out, err
}

func (t *Terminal) customer(ctx context.Context, name string) (profile.Principal, error) {
	all, err := t.Profiles().Principals(ctx, profile.Customer)
	if err != nil {
		return profile.Principal{}, err
	}
	for _, p := range all {
		if p.Name == name {
			return p, nil
		}
	}
	return profile.Principal{}, fault.New(fault.NotFound, "there is no customer %q", name).Because("customer-unknown")
}

// bear notes when somebody was born.
func bear(p *profile.Principal, born string) error {
	p.Facts = map[string]string{}
	if born == "" {
		return nil
	}
	if _, err := profile.ParseBorn(born); err != nil {
		return err
	}
	p.Facts[profile.FactBorn] = born
	return nil
}

// RequireAge sells a product from an age only, to customers whom the vendor
// knows; zero sells it to all.
func (t *Terminal) RequireAge(ctx context.Context, product string, years int) error {
	self, err := t.Own(ctx)
	if err != nil {
		return err
	}
	return t.Profiles().Change(ctx, self.ID, func(p *profile.Principal) error {
		if p.Facts == nil {
			p.Facts = map[string]string{}
		}
		p.Facts[factAge+product] = strconv.Itoa(years)
		if years == 0 {
			delete(p.Facts, factAge+product)
		}
		return nil
	})
}

// Ages are the ages from which products are sold, by product.
func (t *Terminal) Ages(ctx context.Context) (map[string]int, error) {
	self, err := t.Own(ctx)
	ages := map[string]int{}
	for fact, years := range self.Facts {
		if product, ok := strings.CutPrefix(fact, factAge); ok {
			ages[product], _ = strconv.Atoi(years) // as RequireAge wrote it
		}
	}
	return ages, err
}

// ageFor is the age that a product asks for, empty for none.
func (t *Terminal) ageFor(ctx context.Context, product string) (string, error) {
	if product == "" {
		return "", nil
	}
	self, err := t.Own(ctx)
	return self.Facts[factAge+product], err
}
