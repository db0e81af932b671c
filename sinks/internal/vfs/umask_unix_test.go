//go:build unix

package vfs

import "testing"

func TestUmaskSources(t *testing.T) {
	called := callUmask()
	if again := callUmask(); again != called {
		t.Errorf("asking for the umask %v made it %v", called, again)
	}
	if proc, ok := procUmask(); ok && proc != called {
		t.Errorf("proc says %v, the system call %v", proc, called)
	}
}
