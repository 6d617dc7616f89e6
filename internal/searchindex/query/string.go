package query

import (
	"strings"
	"time"

	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// String is a query typed as text, ?q= and query_string:
//
//	query  = clause { [ "AND" | "OR" | "&&" | "||" ] clause }
//	clause = [ "NOT" | "!" | "-" | "+" ] ( [ field ":" ] ( "(" query ")" | value ) )
//	value  = word | word with * or ? | "phrase in quotes" | /regular expression/ | "*"
//	       | ( ">" | ">=" | "<" | "<=" ) word | ( "[" | "{" ) word "TO" word ( "]" | "}" )
//
// AND makes the clauses on both its sides necessary and OR changes nothing, as in Lucene: there is no precedence. A word
// without field is looked for in every field where it can stand. Fuzziness and slop are refused.
type String struct {
	Text    string
	And     bool           // what stands between clauses that nothing joins
	Fields  []string       // where values without a field are looked for; empty: everywhere
	Lenient bool           // a value that cannot stand in its field matches nothing
	Zone    *time.Location // of dates without one; nil: UTC
}

func (String) Score() float64 { return 1 }

func (q String) Compile(x *Index) (Matcher, *wire.Error) {
	p := stringParser{tokens: tokenize(q.Text), query: q, fields: q.Fields}
	parsed, problem := p.parse(0)
	if problem == "" && p.at < len(p.tokens) {
		problem = "unexpected " + p.tokens[p.at].text
	}
	if problem != "" {
		e := wire.Errorf("query_shard_exception", "Failed to parse query [%s]", q.Text)
		e.Extra = wire.Object{{Name: "index", Value: x.Name}, {Name: "index_uuid", Value: x.UUID}}
		e.CausedBy = wire.Errorf("parse_exception", "Cannot parse '%s': %s", q.Text, problem)
		return nil, e
	}
	return parsed.Compile(x)
}

type stringParser struct {
	tokens []stringToken
	at     int
	query  String
	fields []string // of values without one: field:( … ) names one for all inside
}

// peek is the word or mark that comes next, or "".
func (p *stringParser) peek() string {
	if p.at < len(p.tokens) && p.tokens[p.at].kind != '"' && p.tokens[p.at].kind != '/' {
		return p.tokens[p.at].text
	}
	return ""
}

// occurrence says what a clause does: '+' has to match, '-' must not, '?' may.
type occurrence struct {
	query Query
	sign  byte
}

// parse returns what is wrong as its second result.
func (p *stringParser) parse(depth int) (Query, string) {
	if depth > MaxDepth {
		return nil, "parentheses nest too deeply"
	}
	var clauses []occurrence
	for p.at < len(p.tokens) && p.peek() != ")" {
		join := p.join()
		if join != "" && len(clauses) == 0 {
			return nil, "unexpected " + join
		}
		sign := p.sign()
		clause, problem := p.clause(depth)
		if problem != "" {
			return nil, problem
		}
		clauses = p.add(clauses, occurrence{clause, sign}, join)
	}
	if len(clauses) == 0 {
		return nil, "Encountered \"<EOF>\""
	}
	q := Bool{MinimumShould: -1}
	for _, c := range clauses {
		switch c.sign {
		case '+':
			q.Must = append(q.Must, c.query)
		case '-':
			q.MustNot = append(q.MustNot, c.query)
		default:
			q.Should = append(q.Should, c.query)
		}
	}
	if len(q.Must)+len(q.Should) == 0 {
		q.Filter = []Query{MatchAll{}}
	}
	return q, ""
}

// add appends a clause as Lucene's classic parser does: a join may change the clause before it.
func (p *stringParser) add(clauses []occurrence, c occurrence, join string) []occurrence {
	if n := len(clauses) - 1; n >= 0 && clauses[n].sign != '-' {
		switch {
		case join == "AND":
			clauses[n].sign = '+'
		case join == "OR" && p.query.And:
			clauses[n].sign = '?'
		}
	}
	if c.sign == 0 {
		c.sign = '?'
		if join == "AND" || p.query.And && join != "OR" {
			c.sign = '+'
		}
	}
	return append(clauses, c)
}

// join takes AND or OR, however they are written.
func (p *stringParser) join() string {
	switch p.peek() {
	case "AND", "&&":
		p.at++
		return "AND"
	case "OR", "||":
		p.at++
		return "OR"
	}
	return ""
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
	if p.at+1 < len(p.tokens) && p.tokens[p.at+1].kind == ':' && p.tokens[p.at].kind == 'w' {
		outer := p.fields
		p.fields = []string{unescape(p.tokens[p.at].text)}
		p.at += 2
		defer func() { p.fields = outer }()
	}
	if p.peek() != "(" {
		return p.value()
	}
	p.at++
	q, problem := p.parse(depth + 1)
	if problem == "" && p.peek() != ")" {
		problem = "Encountered \"<EOF>\", was expecting \")\""
	}
	p.at++
	return q, problem
}

func (p *stringParser) value() (Query, string) {
	if p.at >= len(p.tokens) {
		return nil, "Encountered \"<EOF>\""
	}
	token := p.tokens[p.at]
	p.at++
	switch token.kind {
	case '"':
		return p.in(func(field string) Query { return Phrase{Field: field, Value: text(token.text)} }), ""
	case '/':
		return p.in(func(field string) Query { return Pattern{Field: field, Kind: "regexp", Text: token.text} }), ""
	case '[', '{':
		return p.interval(token.kind == '{')
	case 'w':
		return p.word(token.text)
	}
	return nil, "unexpected " + token.text
}

func (p *stringParser) word(word string) (Query, string) {
	field, single := oneField(p.fields)
	word, boost, boosted := strings.Cut(word, "^")
	switch {
	case boosted && (word == "" || boost == "") || hasUnescaped(word, "~"):
		return nil, "fuzziness and slop are not supported by the embedded search index: " + word
	case word == "*" && single:
		return Exists{field}, ""
	case word == "*":
		return MatchAll{}, ""
	case field == "_exists_":
		return Exists{unescape(word)}, ""
	case word[0] == '<' || word[0] == '>':
		return p.comparison(field, word)
	case hasUnescaped(word, "*?"):
		return p.in(func(field string) Query { return pattern(field, word) }), ""
	}
	value := text(unescape(word))
	return p.in(func(field string) Query { return Match{Field: field, Value: value, And: p.query.And} }), ""
}

// pattern is a word with wildcards; one asterisk at its end makes it a prefix, which messages tell apart.
func pattern(field, word string) Query {
	if head := word[:len(word)-1]; word[len(word)-1] == '*' && !hasUnescaped(head, "*?") && !strings.HasSuffix(head, `\`) {
		return Pattern{Field: field, Kind: "prefix", Text: unescape(head), analyzed: true}
	}
	return Pattern{Field: field, Kind: "wildcard", Text: word, analyzed: true}
}

// in asks the field that was named, or those where values without one are looked for.
func (p *stringParser) in(make func(field string) Query) Query {
	if field, single := oneField(p.fields); single && !p.query.Lenient {
		return make(field)
	}
	_, single := oneField(p.fields)
	return anywhere{fields: p.fields, lenient: !single || p.query.Lenient, in: make}
}

func text(s string) jsontree.Value { return jsontree.Value{Kind: jsontree.String, Text: s} }

func (p *stringParser) interval(openLow bool) (Query, string) {
	field, single := oneField(p.fields)
	if !single || p.at+4 > len(p.tokens) || p.tokens[p.at+1].text != "TO" {
		return nil, "was expecting field:[low TO high]"
	}
	low, high, end := text(unescape(p.tokens[p.at].text)), text(unescape(p.tokens[p.at+2].text)), p.tokens[p.at+3].text
	p.at += 4
	if end != "]" && end != "}" {
		return nil, "was expecting \"]\" or \"}\""
	}
	q := Range{Field: field, OpenLow: openLow, OpenHigh: end == "}", Zone: p.query.Zone}
	if low.Text != "*" {
		q.Low = &low
	}
	if high.Text != "*" {
		q.High = &high
	}
	return q, ""
}

func (p *stringParser) comparison(field, token string) (Query, string) {
	v := text(unescape(strings.TrimLeft(token, "<>=")))
	if field == "" || v.Text == "" {
		return nil, "was expecting field:" + token[:1] + "value"
	}
	open := !strings.HasPrefix(token[1:], "=")
	if token[0] == '>' {
		return Range{Field: field, Low: &v, OpenLow: open, Zone: p.query.Zone}, ""
	}
	return Range{Field: field, High: &v, OpenHigh: open, Zone: p.query.Zone}, ""
}
