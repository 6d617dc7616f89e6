package archive

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

const serverArgument = "__server"

// serverMain opens an archive, puts an object and waits to be killed.
func serverMain(dir string) {
	executable, _ := os.Executable()
	a, err := Open(context.Background(), Options{Dir: dir, Executable: executable, Logger: slog.New(slog.DiscardHandler)})
	if err == nil {
		_ = a.CreateBucket(context.Background(), "bucket")
		err = a.Put(context.Background(), "bucket", "key", []byte("kept"), nil)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("ready")
	select {}
}

// The gateway ends with its server, however that ends.
func TestKilledServerLeavesNoGateway(t *testing.T) {
	dir := t.TempDir()
	server := exec.Command(os.Args[0], serverArgument, dir)
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatal(line, err)
	}
	child := recorded(t, dir)
	_ = server.Process.Kill()
	_ = server.Wait()
	if runtime.GOOS == "linux" {
		gone(t, child)
	}
	a, err := Open(context.Background(), testOptions(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if r, err := a.Get(context.Background(), "bucket", "key"); err != nil {
		t.Error(err)
	} else {
		r.Close()
	}
}

// A gateway that outlives its server all the same is ended by the next one.
func TestLeftoverIsEnded(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("start times are read from /proc")
	}
	dir := t.TempDir()
	leftover := exec.Command("sleep", "60")
	if err := leftover.Start(); err != nil {
		t.Skip("no sleep command")
	}
	go func() { _ = leftover.Wait() }()
	if err := writeRecord(filepath.Join(dir, "gateway.json"), leftover.Process.Pid); err != nil {
		t.Fatal(err)
	}
	child := recorded(t, dir)
	a, err := Open(context.Background(), testOptions(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	gone(t, child)
}

// Another process that has got the id of the one recorded is let alone.
func TestStrangerIsLetAlone(t *testing.T) {
	dir := t.TempDir()
	text, _ := json.Marshal(childRecord{os.Getpid(), "1"})
	if err := os.WriteFile(filepath.Join(dir, "gateway.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := Open(context.Background(), testOptions(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	_ = a.Close()
}

func recorded(t *testing.T, dir string) childRecord {
	text, err := os.ReadFile(filepath.Join(dir, "gateway.json"))
	var r childRecord
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil && runtime.GOOS == "linux" {
		t.Fatal(err)
	}
	return r
}

func gone(t *testing.T, r childRecord) {
	for range 200 {
		if start, err := startTime(r.PID); err != nil || start != r.Start {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("process %d is still there", r.PID)
}
