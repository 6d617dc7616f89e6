package stack

import (
	"io"
	"strings"
)

// naming is the rule for generated physical IDs of a type.
type naming struct {
	most  int  // characters
	lower bool // lower case, as bucket names
}

const randomCharacters = 12

// generate makes a name as CloudFormation does: stack, logical ID and twelve
// random characters. Stack name and logical ID are shortened to fit.
func (n naming) generate(stackName, logicalID string, random io.Reader) (string, error) {
	suffix, err := randomText(random, randomCharacters)
	if err != nil {
		return "", err
	}
	room := n.most - randomCharacters - 2
	logicalRoom := max(room/2, room-len(stackName))
	logicalID = cut(logicalID, logicalRoom)
	stackName = cut(stackName, room-len(logicalID))
	name := stackName + "-" + logicalID + "-" + suffix
	if n.lower {
		name = strings.ToLower(name)
	}
	return name, nil
}

func cut(s string, most int) string {
	if len(s) > most {
		s = s[:most]
	}
	return strings.TrimRight(s, "-")
}

// randomText is n characters out of A–Z and 0–9. A byte that would favour some
// of them is thrown away.
func randomText(random io.Reader, n int) (string, error) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	var b strings.Builder
	var one [1]byte
	for b.Len() < n {
		if _, err := io.ReadFull(random, one[:]); err != nil {
			return "", err
		}
		if int(one[0]) < 256/len(alphabet)*len(alphabet) {
			b.WriteByte(alphabet[int(one[0])%len(alphabet)])
		}
	}
	return b.String(), nil
}
