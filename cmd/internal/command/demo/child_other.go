//go:build !unix

package demo

import "syscall"

// bound has nothing to say here: servers watch the pipe that we hold.
func bound() *syscall.SysProcAttr { return nil }

// apart has nothing to say here.
func apart() *syscall.SysProcAttr { return nil }
