//go:build unix && !linux

package demo

import "syscall"

// bound gives a child a group of its own, so that Ctrl-C reaches only us. Servers
// watch the pipe that we hold; other commands end by themselves.
func bound() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// apart gives the sweeper a session of its own: what ends ours leaves it alone.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
