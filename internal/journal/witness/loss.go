package witness

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/record"
)

// Loss refuses a journal that is not, or no longer, what was noted of it.
type Loss struct {
	File            string
	Found, Expected string // each with its position
}

func (l *Loss) Error() string {
	return fmt.Sprintf(`the journal is not the one that %q notes:
  found     %s
  expected  %s
Either put the missing journal directory back, or give up what it held with "millrace up --accept-journal-loss":
the journal is then taken as it is, and sequences that were given out are not given out again`, l.File, l.Found, l.Expected)
}

// maxListed bounds a message that lists streams.
const maxListed = 10

// describeStreams lists streams with the sequence that their next record gets.
func describeStreams(next map[record.StreamID]record.Sequence, name func(record.StreamID) string) string {
	var lines []string
	for _, id := range slices.SortedFunc(maps.Keys(next), func(a, b record.StreamID) int { return strings.Compare(a.String(), b.String()) }) {
		if len(lines) == maxListed {
			lines = append(lines, fmt.Sprintf("and %d more", len(next)-maxListed))
			break
		}
		label := id.String()
		if name != nil {
			if known := name(id); known != "" {
				label = known + " (" + label + ")"
			}
		}
		lines = append(lines, fmt.Sprintf("stream %s: next record %d", label, next[id]))
	}
	if lines == nil {
		return ""
	}
	return "\n              " + strings.Join(lines, "\n              ")
}
