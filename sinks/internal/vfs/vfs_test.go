package vfs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
)

// Shared locks go together and exclude an exclusive one, also within one
// process; a lock goes with its file.
func TestLock(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	a, err := OS{}.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	b, err := OS{}.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	c, err := OS{}.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := a.Lock(false); errors.Is(err, ErrNoLocks) {
		t.Skip("no locks in the directory for temporary files")
	} else if err != nil {
		t.Fatal(err)
	}
	if err := b.Lock(false); err != nil {
		t.Errorf("a second shared lock: %v", err)
	}
	if err := c.Lock(true); !errors.Is(err, ErrLocked) {
		t.Errorf("an exclusive lock beside two shared ones: %v", err)
	}
	a.Close()
	if err := c.Lock(true); !errors.Is(err, ErrLocked) {
		t.Errorf("an exclusive lock beside a shared one: %v", err)
	}
	b.Close()
	if err := c.Lock(true); err != nil {
		t.Errorf("an exclusive lock when the others are gone: %v", err)
	}
}

func TestRenameNoReplace(t *testing.T) {
	for name, rename := range map[string]func(string, string) error{"system call": OS{}.RenameNoReplace, "link": LinkNoReplace} {
		dir := t.TempDir()
		a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
		write := func(name string) {
			if err := os.WriteFile(name, []byte(filepath.Base(name)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write(a)
		write(b)
		if err := rename(a, b); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: onto a file: %v", name, err)
		}
		if data, err := os.ReadFile(b); string(data) != "b" {
			t.Errorf("%s: the file became %q, %v", name, data, err)
		}
		if err := os.Remove(b); err != nil {
			t.Fatal(err)
		}
		if err := rename(a, b); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got, err := (OS{}).Glob(dir, "", ""); !slices.Equal(got, []string{"b"}) || err != nil {
			t.Errorf("%s: the directory holds %v, %v", name, got, err)
		}
		if err := rename(a, b); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: of nothing: %v", name, err)
		}
	}
}

func TestGlob(t *testing.T) {
	dir := t.TempDir()
	for i := range 3 * globBatch {
		if i%1000 == 0 {
			continue
		}
		if f, err := os.Create(filepath.Join(dir, string(rune(0x4e00+i)))); err != nil {
			t.Fatal(err)
		} else {
			f.Close()
		}
	}
	for _, name := range []string{".b-2.tmp", ".b-1.tmp", ".b-1.bak", "b-1.tmp"} {
		if f, err := os.Create(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		} else {
			f.Close()
		}
	}
	if got, err := (OS{}).Glob(dir, ".b-", ".tmp"); !slices.Equal(got, []string{".b-1.tmp", ".b-2.tmp"}) || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := (OS{}).Glob(filepath.Join(dir, "none"), "", ""); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of no directory: %v", err)
	}
}

// The mask is that of files that the kernel makes, and asking leaves it alone.
func TestUmask(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no umask")
	}
	for range 2 {
		mask := Umask()
		name := filepath.Join(t.TempDir(), "f")
		f, err := os.OpenFile(name, os.O_CREATE, 0o777)
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o777&^mask {
			t.Errorf("a file of mode %v with umask %v, %v", info.Mode(), mask, err)
		}
	}
}
