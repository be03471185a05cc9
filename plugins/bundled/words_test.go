package bundled_test

import (
	"slices"
	"testing"

	"github.com/swaperoo/swaperoo/comm"
	"github.com/swaperoo/swaperoo/controller/bank"
	"github.com/swaperoo/swaperoo/controller/client"
	"github.com/swaperoo/swaperoo/controller/vendor"
	"github.com/swaperoo/swaperoo/instrument"
	"github.com/swaperoo/swaperoo/plugins/bundled"
	"github.com/swaperoo/swaperoo/plugins/sdk"
	"github.com/swaperoo/swaperoo/protocol"
)

// A role knows no bundle and calls what it uses by its name; so the names are written
// on both sides, and have to be the same.
func TestRolesCallBundlesByTheirNames(t *testing.T) {
	for role, classes := range map[comm.Role][]instrument.ClassID{
		comm.Client: {client.ClassWithdrawal, client.ClassReserve, client.ClassCoin, client.ClassExchange, client.ClassCard, client.ClassPrepaid},
		comm.Vendor: {
			vendor.ClassWithdrawal, vendor.ClassProvider, vendor.ClassCardPayment, vendor.ClassCard, vendor.ClassExchange,
			vendor.ClassPrepaid, vendor.ClassCredit, vendor.ClassSpent,
		},
		comm.Bank: {bank.ClassWithdrawal, bank.ClassProvider, bank.ClassTransfer, bank.ClassReturn, bank.ClassQuota},
	} {
		for _, id := range classes {
			if !slices.ContainsFunc(bundled.All(), func(b sdk.Bundle) bool {
				return slices.ContainsFunc(b.Classes(role), func(c instrument.Class) bool { return c.Info().ID == id })
			}) {
				t.Errorf("no bundle has the class %s for a %s", id, role)
			}
		}
	}
	for _, row := range []struct {
		role, peer          comm.Role
		protocol, operation string
		class               instrument.ClassID
	}{
		{comm.Bank, "", bank.ProtocolCard, bank.OperationVerify, bank.ClassProvider},
		{comm.Bank, "", bank.ProtocolCard, bank.OperationSearch, bank.ClassProvider},
		{comm.Vendor, "", vendor.ProtocolPrepaid, vendor.OperationCredit, vendor.ClassPrepaid},
		{comm.Client, comm.Vendor, client.ProtocolSigned, client.OperationBalance, client.ClassPrepaid},
		{comm.Client, comm.Vendor, client.ProtocolPlain, client.OperationBalance, client.ClassPrepaid},
	} {
		if !slices.ContainsFunc(bundled.All(), func(b sdk.Bundle) bool {
			return slices.ContainsFunc(b.Protocols(row.role), func(p protocol.Protocol) bool {
				return p.Info().ID == row.protocol &&
					slices.ContainsFunc(p.Operations(row.class, row.peer), func(o protocol.Operation) bool { return o.Name == row.operation })
			})
		}) {
			t.Errorf("no bundle has %+v", row)
		}
	}
}
