package query

import (
	"strings"

	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// String is a query typed as text, ?q= and query_string:
//
//	query  = clause { [ "AND" | "OR" | "&&" | "||" ] clause }         AND and OR are not mixed without parentheses
//	clause = [ "NOT" | "!" | "-" | "+" ] ( "(" query ")" | [ field ":" ] value )
//	value  = word | "phrase in quotes" | "*" | ( ">" | ">=" | "<" | "<=" ) word | ( "[" | "{" ) word "TO" word ( "]" | "}" )
//
// A word without field is looked for in every field where it can stand. Wildcards inside of words, fuzziness, boosts and
// regular expressions are refused.
type String struct {
	Text         string
	And          bool   // what stands between clauses that nothing joins
	DefaultField string // "" or "*": every field
}

func (String) Score() float64 { return 1 }

func (q String) Compile(x *Index) (Matcher, *wire.Error) {
	s := stringParser{tokens: tokenize(q.Text), query: q}
	parsed, problem := s.parse(0)
	if problem == "" && s.at < len(s.tokens) {
		problem = "unexpected " + s.tokens[s.at].text
	}
	if problem != "" {
		e := wire.Errorf("query_shard_exception", "Failed to parse query [%s]", q.Text)
		e.Extra = wire.Object{{Name: "index", Value: x.Name}, {Name: "index_uuid", Value: x.UUID}}
		e.CausedBy = wire.Errorf("parse_exception", "Cannot parse '%s': %s", q.Text, problem)
		return nil, e
	}
	return parsed.Compile(x)
}

type stringToken struct {
	text   string
	quoted bool
}

// tokenize splits at white space, parentheses, brackets and the colon behind a field name.
func tokenize(text string) []stringToken {
	var out []stringToken
	interval := false
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case strings.IndexByte("()[]{}", c) >= 0:
			out = append(out, stringToken{text: text[i : i+1]})
			interval = c == '[' || c == '{' || interval && (c == '(' || c == ')')
			i++
		case c == '"':
			var b strings.Builder
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' && i+1 < len(text) {
					i++
				}
				b.WriteByte(text[i])
			}
			if i == len(text) {
				return append(out, stringToken{text: "("}) // an open quote is as wrong as an open parenthesis
			}
			i++
			out = append(out, stringToken{b.String(), true})
		default:
			var b strings.Builder
			field := !interval && c != '<' && c != '>'
			for ; i < len(text) && strings.IndexByte(" \t\r\n()[]{}\"", text[i]) < 0; i++ {
				if text[i] == ':' && field && (len(out) == 0 || out[len(out)-1].text != ":") {
					break
				}
				if text[i] == '\\' && i+1 < len(text) {
					i++
				}
				b.WriteByte(text[i])
			}
			if b.Len() > 0 {
				out = append(out, stringToken{text: b.String()})
			}
			if i < len(text) && text[i] == ':' {
				out = append(out, stringToken{text: ":"})
				i++
			}
		}
	}
	return out
}

type stringParser struct {
	tokens []stringToken
	at     int
	query  String
}

func (p *stringParser) peek() string {
	if p.at < len(p.tokens) && !p.tokens[p.at].quoted {
		return p.tokens[p.at].text
	}
	return ""
}

// parse returns what is wrong as its second result.
func (p *stringParser) parse(depth int) (Query, string) {
	if depth > MaxDepth {
		return nil, "parentheses nest too deeply"
	}
	var required, optional, forbidden []Query
	joined := map[bool]bool{} // kinds of joining seen: true for AND
	for count := 0; p.at < len(p.tokens) && p.peek() != ")"; count++ {
		and := p.query.And
		switch p.peek() {
		case "AND", "&&", "OR", "||":
			if count == 0 {
				return nil, "unexpected " + p.peek()
			}
			and = p.peek() == "AND" || p.peek() == "&&"
			p.at++
			joined[and] = true
		default:
			if count > 0 {
				joined[and] = true
			}
		}
		sign := p.sign()
		clause, problem := p.clause(depth)
		switch {
		case problem != "":
			return nil, problem
		case sign == '-':
			forbidden = append(forbidden, clause)
		case sign == '+':
			required = append(required, clause)
		default:
			optional = append(optional, clause)
		}
	}
	switch {
	case len(joined) > 1:
		return nil, "AND and OR without parentheses between them are not supported by the embedded search index"
	case len(required)+len(optional)+len(forbidden) == 0:
		return nil, "Encountered \"<EOF>\""
	case joined[true]:
		return Bool{Must: append(required, optional...), MustNot: forbidden, MinimumShould: -1}, ""
	case len(required)+len(optional) == 0:
		return Bool{Filter: []Query{MatchAll{}}, MustNot: forbidden, MinimumShould: -1}, ""
	}
	return Bool{Must: required, Should: optional, MustNot: forbidden, MinimumShould: -1}, ""
}

// sign takes NOT, ! or - as '-', and + as itself.
func (p *stringParser) sign() byte {
	token := p.peek()
	switch {
	case token == "NOT" || token == "!" || token == "-":
		p.at++
		return '-'
	case token == "+":
		p.at++
		return '+'
	case len(token) > 1 && (token[0] == '-' || token[0] == '!'):
		p.tokens[p.at].text = token[1:]
		return '-'
	case len(token) > 1 && token[0] == '+':
		p.tokens[p.at].text = token[1:]
		return '+'
	}
	return 0
}

func (p *stringParser) clause(depth int) (Query, string) {
	if p.at >= len(p.tokens) {
		return nil, "Encountered \"<EOF>\""
	}
	if p.peek() == "(" {
		p.at++
		q, problem := p.parse(depth + 1)
		if problem == "" && p.peek() != ")" {
			problem = "Encountered \"<EOF>\", was expecting \")\""
		}
		p.at++
		return q, problem
	}
	field := p.query.DefaultField
	if p.at+1 < len(p.tokens) && p.tokens[p.at+1].text == ":" && !p.tokens[p.at+1].quoted {
		field = p.tokens[p.at].text
		p.at += 2
	}
	return p.value(field)
}

func (p *stringParser) value(field string) (Query, string) {
	if p.at >= len(p.tokens) {
		return nil, "Encountered \"<EOF>\""
	}
	token := p.tokens[p.at]
	p.at++
	if token.quoted {
		return phrase(field, token.text)
	}
	switch {
	case token.text == "[" || token.text == "{":
		return p.interval(field, token.text == "{")
	case strings.Contains("()]}:", token.text):
		return nil, "unexpected " + token.text
	case token.text == "*" && (field == "" || field == "*"):
		return MatchAll{}, ""
	case token.text == "*":
		return Exists{field}, ""
	case token.text[0] == '<' || token.text[0] == '>':
		return comparison(field, token.text)
	case strings.ContainsAny(token.text, "*?~^") || token.text[0] == '/':
		return nil, "wildcards, fuzziness, boosts and regular expressions are not supported by the embedded search index: " + token.text
	case field == "_exists_":
		return Exists{token.text}, ""
	}
	return word(field, text(token.text)), ""
}

func text(s string) jsontree.Value { return jsontree.Value{Kind: jsontree.String, Text: s} }

func word(field string, v jsontree.Value) Query {
	if field == "" || field == "*" {
		return anywhere{v}
	}
	return Match{Field: field, Value: v}
}

// phrase takes a quoted value: one word, or any value of a field that is not split into words.
func phrase(field, s string) (Query, string) {
	if field == "" && len(Analyze(s)) > 1 {
		return nil, "phrases without a field are not supported by the embedded search index"
	}
	return quoted{field, s}, ""
}

func (p *stringParser) interval(field string, openLow bool) (Query, string) {
	if field == "" || p.at+4 > len(p.tokens) || p.tokens[p.at+1].text != "TO" {
		return nil, "was expecting field:[low TO high]"
	}
	low, high, end := text(p.tokens[p.at].text), text(p.tokens[p.at+2].text), p.tokens[p.at+3].text
	p.at += 4
	if end != "]" && end != "}" {
		return nil, "was expecting \"]\" or \"}\""
	}
	q := Range{Field: field, OpenLow: openLow, OpenHigh: end == "}"}
	if low.Text != "*" {
		q.Low = &low
	}
	if high.Text != "*" {
		q.High = &high
	}
	return q, ""
}

func comparison(field, token string) (Query, string) {
	v := text(strings.TrimLeft(token, "<>="))
	if field == "" || v.Text == "" {
		return nil, "was expecting field:" + token[:1] + "value"
	}
	open := !strings.HasPrefix(token[1:], "=")
	if token[0] == '>' {
		return Range{Field: field, Low: &v, OpenLow: open}, ""
	}
	return Range{Field: field, High: &v, OpenHigh: open}, ""
}
