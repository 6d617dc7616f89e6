//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/millrace/millrace/examples"
	"github.com/millrace/millrace/internal/config"
)

// The files of testdata/script are sessions in a shell: the program's commands
// and what a person sees of them. MILLRACE_DIR is $WORK/d and all ports are
// free ones; $EXAMPLES holds a copy of the examples. Beyond testscript's own
// commands there are
//
//	exits CODE COMMAND…     the command ends with this exit code
//	ready                   wait until the server of $MILLRACE_DIR is up
//	until PATTERN COMMAND…  repeat the command until its stdout matches
//	first N COMMAND…        the first N lines of the stdout of a command that goes on
//	terminate               SIGTERM to that server
//	taken VARIABLE          a port that another program holds
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", Setup: setupScript,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": scriptExits, "ready": scriptReady, "until": scriptUntil,
			"first": scriptFirst, "terminate": scriptTerminate, "taken": scriptTaken,
		},
	})
}

func setupScript(env *testscript.Env) error {
	bin, copied := filepath.Join(env.WorkDir, "bin"), filepath.Join(env.WorkDir, "examples")
	if err := os.MkdirAll(bin, 0o700); err != nil {
		return err
	}
	if err := os.CopyFS(copied, examples.Files); err != nil {
		return err
	}
	program := "#!/bin/sh\n" + asMillrace + "=1 exec " + shellQuote(os.Args[0]) + ` "$@"` + "\n"
	if err := os.WriteFile(filepath.Join(bin, "millrace"), []byte(program), 0o700); err != nil {
		return err
	}
	env.Setenv("PATH", bin+":"+env.Getenv("PATH"))
	env.Setenv("EXAMPLES", copied)
	env.Setenv("MILLRACE_DIR", filepath.Join(env.WorkDir, "d"))
	for _, port := range []string{"EDGE", "CONSOLE", "SEARCH"} {
		env.Setenv("MILLRACE_"+port+"_PORT", "0")
	}
	return nil
}

func scriptExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	got := "0"
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("%s ended with %s, want %s", strings.Join(args[1:], " "), got, args[0])
	}
}

func scriptReady(ts *testscript.TestScript, _ bool, _ []string) {
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if run, err := config.FindRun(ts.Getenv("MILLRACE_DIR")); err == nil && run.Ready {
			return
		}
	}
	ts.Fatalf("the server was not ready within 60 s")
}

func scriptUntil(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until PATTERN COMMAND…")
	}
	want, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(300 * time.Millisecond) {
		err := ts.Exec(args[1], args[2:]...)
		if err == nil && want.MatchString(ts.ReadFile("stdout")) {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%s did not print %s within 30 s (%v)", strings.Join(args[1:], " "), want, err)
		}
	}
}

// scriptFirst keeps what the command printed in the file "lines".
func scriptFirst(ts *testscript.TestScript, neg bool, args []string) {
	n, err := strconv.Atoi(args[0])
	if neg || err != nil || len(args) < 2 {
		ts.Fatalf("usage: first N COMMAND…")
	}
	// the script's own shell of the program: it knows the script's variables
	c := exec.Command(filepath.Join(ts.Getenv("WORK"), "bin", args[1]), args[2:]...)
	c.Env = cleanEnv("MILLRACE_DIR=" + ts.Getenv("MILLRACE_DIR"))
	out := &lockedBuffer{}
	c.Stdout, c.Stderr = out, out
	ts.Check(c.Start())
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	defer func() {
		_ = c.Process.Signal(os.Interrupt)
		ts.Check(<-ended) // a tap that is interrupted ends well
	}()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		lines := bytes.SplitAfter([]byte(out.String()), []byte("\n"))
		if len(lines) > n {
			ts.Check(os.WriteFile(ts.MkAbs("lines"), slices.Concat(lines[:n]...), 0o600))
			return
		}
	}
	ts.Logf("%s", out)
	ts.Fatalf("%s did not print %d lines within 30 s", strings.Join(args[1:], " "), n)
}

func scriptTerminate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: terminate")
	}
	run, err := config.FindRun(ts.Getenv("MILLRACE_DIR"))
	ts.Check(err)
	process, err := os.FindProcess(run.PID)
	ts.Check(err)
	ts.Check(process.Signal(syscall.SIGTERM))
}

func scriptTaken(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: taken VARIABLE")
	}
	l, err := listen("test", "", 0)
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() })
	_, port, _ := strings.Cut(l.Addr().String(), ":")
	ts.Setenv(args[0], fmt.Sprint(port))
}
