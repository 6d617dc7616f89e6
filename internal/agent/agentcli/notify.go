package agentcli

import (
	"context"
	"net"
	"os"
	"strconv"
	"time"
)

// notifier tells systemd how the service is (Type=notify). Without systemd it does nothing.
type notifier struct {
	socket   string
	watchdog time.Duration // how often a sign of life is expected, 0 = never
}

func newNotifier() notifier {
	n := notifier{socket: os.Getenv("NOTIFY_SOCKET")}
	if usec, err := strconv.ParseInt(os.Getenv("WATCHDOG_USEC"), 10, 64); err == nil && usec > 0 {
		if pid := os.Getenv("WATCHDOG_PID"); pid == "" || pid == strconv.Itoa(os.Getpid()) {
			n.watchdog = time.Duration(usec) * time.Microsecond
		}
	}
	return n
}

// say sends a state; systemd that does not listen is no error of ours.
func (n notifier) say(state string) {
	if n.socket == "" {
		return
	}
	name := n.socket
	if name[0] == '@' { // an abstract socket
		name = "\x00" + name[1:]
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		return
	}
	defer conn.Close()
	conn.Write([]byte(state))
}

// live gives signs of life until ctx ends, each after alive has returned: that it returns is what shows that nothing hangs.
func (n notifier) live(ctx context.Context, alive func()) {
	if n.socket == "" || n.watchdog == 0 {
		return
	}
	ticker := time.NewTicker(n.watchdog / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			alive()
			n.say("WATCHDOG=1")
		}
	}
}
