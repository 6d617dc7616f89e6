package policy

import (
	"net/netip"
	"strings"
)

// condition is one key under one operator; a statement's all must hold.
type condition struct {
	key      string // lower case
	operator operator
	ifExists bool
	values   []string // at least one; alternatives, but for negated operators
}

// operator compares a key's value with one of the condition's. Negated ones
// hold if none matches, and if the key is absent.
type operator struct {
	negated bool
	null    bool // looks at the presence alone
	check   func(value string) error
	matches func(want, have string) bool
}

// operators lists what is enforced. Numbers, dates, binary values and sets
// (ForAllValues, ForAnyValue) are refused by name: no key has such values.
func operators() map[string]operator {
	equals := operator{matches: func(want, have string) bool { return want == have }}
	ignoreCase := operator{matches: strings.EqualFold}
	like := operator{matches: glob}
	arn := operator{check: checkARN, matches: func(want, have string) bool { return newPattern(want, arnParts).matches(have) }}
	address := operator{check: checkPrefix, matches: inPrefix}
	not := func(o operator) operator { o.negated = true; return o }
	return map[string]operator{
		"StringEquals": equals, "StringNotEquals": not(equals),
		"StringEqualsIgnoreCase": ignoreCase, "StringNotEqualsIgnoreCase": not(ignoreCase),
		"StringLike": like, "StringNotLike": not(like),
		"ArnEquals": arn, "ArnNotEquals": not(arn), "ArnLike": arn, "ArnNotLike": not(arn),
		"Bool":      {check: checkBool, matches: strings.EqualFold},
		"IpAddress": address, "NotIpAddress": not(address),
		"Null": {null: true, check: checkBool},
	}
}

func (c *condition) holds(keys map[string]string) bool {
	have, present := keys[c.key]
	if c.operator.null {
		for _, v := range c.values {
			if strings.EqualFold(v, "true") != present {
				return true
			}
		}
		return false
	}
	if !present {
		return c.ifExists || c.operator.negated
	}
	for _, want := range c.values {
		if c.operator.matches(want, have) {
			return !c.operator.negated
		}
	}
	return c.operator.negated
}

func inPrefix(want, have string) bool {
	address, err := netip.ParseAddr(have)
	if err != nil {
		return false
	}
	prefix, err := parsePrefix(want)
	return err == nil && prefix.Contains(address.Unmap())
}

// parsePrefix reads 203.0.113.0/24 or a single address.
func parsePrefix(s string) (netip.Prefix, error) {
	if strings.Contains(s, "/") {
		return netip.ParsePrefix(s)
	}
	address, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, err
	}
	return netip.PrefixFrom(address, address.BitLen()), nil
}
