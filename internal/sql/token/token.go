package token

// Kind is the kind of a token.
type Kind uint8

const (
	EOF Kind = iota
	// Word is an unquoted identifier or keyword. Text is folded to upper case.
	Word
	// Quoted is a quoted identifier. Text is what stood between the quotes.
	Quoted
	// String is a character literal. Text is its value.
	String
	// Number is an unsigned number. Text is as written.
	Number
	// Symbol is an operator or a punctuation mark.
	Symbol
)

// Token is one word of a text. End is the offset behind it.
type Token struct {
	Kind Kind
	Text string
	Pos  Position
	End  int
}

// String names the token in a diagnostic.
func (t Token) String() string {
	switch t.Kind {
	case EOF:
		return "the end of the text"
	case Quoted:
		return `"` + t.Text + `"`
	case String:
		return "the string '" + t.Text + "'"
	}
	return t.Text
}

// IsReserved reports whether an upper-case word must be quoted to be a name: the words that begin or join the parts of a
// query. The language reserves many more; applications use those as names all the same, and nothing becomes ambiguous.
func IsReserved(word string) bool {
	switch word {
	case "SELECT", "FROM", "WHERE", "GROUP", "HAVING", "WINDOW", "WINDOWED", "ORDER", "UNION", "EXCEPT", "INTERSECT",
		"ON", "JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS", "NATURAL", "OUTER", "USING", "OVER", "AS", "BY",
		"AND", "OR", "NOT", "IN", "IS", "LIKE", "SIMILAR", "BETWEEN", "ESCAPE",
		"CASE", "WHEN", "THEN", "ELSE", "END", "CAST", "NULL", "TRUE", "FALSE", "UNKNOWN", "INTERVAL",
		"CREATE", "INSERT", "INTO":
		return true
	}
	return false
}
