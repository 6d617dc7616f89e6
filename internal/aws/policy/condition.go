package policy

import (
	"fmt"
	"net/netip"
	"strings"
)

// condition is one key under one operator: it holds if any of the values
// passes the test, or none does for a negated operator.
type condition struct {
	key      string // lower case
	null     bool   // the operator Null: tests are for the key's absence
	negated  bool
	ifExists bool
	tests    []test
}

// test tells whether a key's value is the one that the policy names.
type test func(value string) bool

// compile makes the test of an operator from a value in the document.
type compile func(want string, variables bool) (test, error)

// operatorOf returns what an operator does, and whether it is known. Numeric,
// date and binary operators are not: none of the known keys has such values.
func operatorOf(name string) (c compile, negated, ok bool) {
	switch name {
	case "StringEquals":
		return equals, false, true
	case "StringNotEquals":
		return equals, true, true
	case "StringEqualsIgnoreCase":
		return equalsFold, false, true
	case "StringNotEqualsIgnoreCase":
		return equalsFold, true, true
	case "StringLike":
		return like, false, true
	case "StringNotLike":
		return like, true, true
	case "ArnEquals", "ArnLike": // AWS treats them alike
		return arnLike, false, true
	case "ArnNotEquals", "ArnNotLike":
		return arnLike, true, true
	case "Bool":
		return boolean, false, true
	case "IpAddress":
		return inNetwork, false, true
	case "NotIpAddress":
		return inNetwork, true, true
	}
	return nil, false, false
}

// holds decides an absent key as AWS does: a positive operator fails, a
// negated one and every …IfExists passes.
func (c *condition) holds(r Request) bool {
	value, present := r.Keys[c.key]
	if c.null {
		value = fmt.Sprint(!present)
	} else if !present {
		return c.negated || c.ifExists
	}
	for _, passes := range c.tests {
		if passes(value) {
			return !c.negated
		}
	}
	return c.negated
}

func equals(want string, variables bool) (test, error) {
	want, err := plain(want, variables)
	return func(value string) bool { return value == want }, err
}

func equalsFold(want string, variables bool) (test, error) {
	want, err := plain(want, variables)
	return func(value string) bool { return strings.EqualFold(value, want) }, err
}

// plain resolves the escapes of a value that is no pattern.
func plain(want string, variables bool) (string, error) {
	if !variables {
		return want, nil
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(want, "${")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		end := strings.IndexByte(after, '}') + 1
		if end == 0 {
			end = len(after)
		}
		g, err := compileGlob("${"+after[:end], true)
		if err != nil {
			return "", err
		}
		b.WriteString(string(g))
		want = after[end:]
	}
}

func like(want string, variables bool) (test, error) {
	g, err := compileGlob(want, variables)
	return g.match, err
}

func arnLike(want string, variables bool) (test, error) {
	if !isARN(want) {
		return nil, fmt.Errorf("the value %s is no ARN", show(want))
	}
	p, err := compileARN(want, variables)
	return p.match, err
}

func boolean(want string, _ bool) (test, error) {
	if !strings.EqualFold(want, "true") && !strings.EqualFold(want, "false") {
		return nil, fmt.Errorf("the value %s is neither true nor false", show(want))
	}
	return func(value string) bool { return strings.EqualFold(value, want) }, nil
}

// inNetwork takes an address or a prefix such as 203.0.113.0/24. A request
// value that is no address is in no network.
func inNetwork(want string, _ bool) (test, error) {
	network, err := netip.ParsePrefix(want)
	if addr, addrErr := netip.ParseAddr(want); addrErr == nil && addr.Zone() == "" {
		network, err = netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	if err != nil {
		return nil, fmt.Errorf("the value %s is no address and no network", show(want))
	}
	return func(value string) bool {
		addr, err := netip.ParseAddr(value)
		return err == nil && network.Contains(addr.Unmap())
	}, nil
}
