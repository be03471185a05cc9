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

// What can be done with an instrument depends on its class and on who is at the other end
// (paper §3.2): a bank lets a vendor set a withdrawal up and a wallet select it.
func TestOperationsDependOnTheClassAndThePeer(t *testing.T) {
	for _, row := range []struct {
		role, peer comm.Role
		class      instrument.ClassID
		want       []string
	}{
		{comm.Bank, comm.Vendor, bank.ClassWithdrawal, []string{"ABORT", "CONFIRM", "SETUP"}},
		{comm.Bank, comm.Client, bank.ClassWithdrawal, []string{"ABORT", "SELECT"}},
		{comm.Client, comm.Bank, client.ClassWithdrawal, []string{"ABORT", "SELECT"}},
		{comm.Client, comm.Vendor, client.ClassWithdrawal, nil},
		{comm.Client, comm.Vendor, client.ClassCard, []string{"PAY", "REFUND"}},
		{comm.Client, comm.Bank, client.ClassCard, nil},
		{comm.Vendor, comm.Client, vendor.ClassCard, []string{"PAY", "REFUND"}},
		{comm.Vendor, comm.Bank, vendor.ClassCard, nil},
	} {
		var got []string
		for _, b := range bundled.All() {
			for _, p := range b.Protocols(row.role) {
				if !p.CompatibleWith(row.class) {
					continue
				}
				for _, o := range p.Operations(row.class, row.peer) {
					got = append(got, o.Name)
				}
			}
		}
		slices.Sort(got)
		if got = slices.Compact(got); !slices.Equal(got, row.want) {
			t.Errorf("a %s does %v with a %s and a %s", row.role, got, row.class, row.peer)
		}
	}
}
