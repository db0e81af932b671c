package main

import (
	"flag"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the expected output in testdata/script")

// TestMain lets the test binary stand in for csvloom in scripts.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"csvloom": main})
}

// TestScripts runs testdata/script: each file is inputs, commands, and what they
// must print.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "../../testdata/script",
		UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			root, err := os.Getwd()
			if err != nil {
				return err
			}
			e.Setenv("TESTDATA", root+"/../../testdata")
			return nil
		},
	})
}
