package logformat

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"strconv"
)

// number is one of JSON, kept as Java prints it.
func (p *jsonParser) number() (*jsonNode, error) {
	start := p.pos
	if p.text[p.pos] == '-' {
		p.pos++
	}
	digits := p.pos
	if p.digits() == 0 {
		return nil, p.fail("a digit")
	}
	if p.text[digits] == '0' && p.pos > digits+1 {
		p.pos = digits
		return nil, p.fail("a number without leading zero")
	}
	whole := true
	if p.pos < len(p.text) && p.text[p.pos] == '.' {
		whole = false
		p.pos++
		if p.digits() == 0 {
			return nil, p.fail("a digit after the point")
		}
	}
	if p.pos < len(p.text) && p.text[p.pos]|0x20 == 'e' {
		whole = false
		p.pos++
		if p.pos < len(p.text) && (p.text[p.pos] == '+' || p.text[p.pos] == '-') {
			p.pos++
		}
		if p.digits() == 0 {
			return nil, p.fail("a digit of the exponent")
		}
	}
	text := p.text[start:p.pos]
	if len(text) > maxJSONNumber {
		return nil, fmt.Errorf("read JSON: byte %d: number of more than %d characters", start, maxJSONNumber)
	}
	if !whole {
		return javaDouble(text), nil
	}
	if len(text) < 19 && string(text) != "-0" {
		return &jsonNode{text: text}, nil
	}
	n, _ := new(big.Int).SetString(string(text), 10)
	return &jsonNode{text: n.Append(nil, 10)}, nil
}

func (p *jsonParser) digits() int {
	start := p.pos
	for p.pos < len(p.text) && p.text[p.pos] >= '0' && p.text[p.pos] <= '9' {
		p.pos++
	}
	return p.pos - start
}

// javaDouble writes a number as Double.toString does: plain from a thousandth up to ten million, else with an exponent, and a digit after the point always.
func javaDouble(text []byte) *jsonNode {
	f, _ := strconv.ParseFloat(string(text), 64) // too large is ±Inf
	if math.IsInf(f, 0) {
		return &jsonNode{kind: jsonString, text: []byte(map[bool]string{true: "Infinity", false: "-Infinity"}[f > 0])}
	}
	if a := math.Abs(f); a == 0 || a >= 1e-3 && a < 1e7 {
		out := strconv.AppendFloat(nil, f, 'f', -1, 64)
		if !bytes.ContainsRune(out, '.') {
			out = append(out, ".0"...)
		}
		return &jsonNode{text: out}
	}
	mantissa, exponent, _ := bytes.Cut(strconv.AppendFloat(nil, f, 'e', -1, 64), []byte("e"))
	if !bytes.ContainsRune(mantissa, '.') {
		mantissa = append(mantissa[:len(mantissa):len(mantissa)], ".0"...)
	}
	power, _ := strconv.Atoi(string(exponent))
	return &jsonNode{text: strconv.AppendInt(append(mantissa, 'E'), int64(power), 10)}
}
