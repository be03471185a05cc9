// Package terminal is the command line of the payment terminal: the vendor's role
// controller with its owner and a customer in front of it.
//
// Where things are:
//
//	beginning             terminal.go init.go config.go provider.go
//	a withdrawal          withdraw.go screen.go reader.go receipt.go
//	serving               serve.go till.go
//	what was sold         payment.go instrument.go operation.go abandon.go customer.go
package terminal
