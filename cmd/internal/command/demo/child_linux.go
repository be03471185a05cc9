package demo

import "syscall"

// bound gives a child a group of its own, so that Ctrl-C reaches only us, and has
// the kernel end it with us.
func bound() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// apart gives the sweeper a session of its own: what ends ours leaves it alone.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
