package function

import (
	"fmt"
	"strconv"

	"github.com/millrace/millrace/internal/sql/scanner"
	"github.com/millrace/millrace/internal/sql/token"
	"github.com/millrace/millrace/internal/sql/types"
)

// logColumn is a column of a list such as '"host" TYPE VARCHAR(16) NOT NULL START 0 FOR 16, t TYPE TIMESTAMP ”MM/dd/yy” …'.
type logColumn struct {
	types.Column
	format *types.DateFormat
	// start and length say where the column stands, counted in characters from 0; length -1 means up to the end.
	start, length int
	placed        bool
}

// parseLogColumns reads a list of columns.
//
//	list   = column { "," column }
//	column = name [ "TYPE" ] [ type [ format ] ] [ "NOT" "NULL" ] [ "START" number [ "FOR" number ] ]
func parseLogColumns(text string) ([]logColumn, error) {
	tokens, err := scanner.Scan(text)
	if err != nil {
		return nil, fmt.Errorf("list of columns: %w", err)
	}
	p := &columnParser{tokens: tokens}
	var all []logColumn
	for {
		c, err := p.column()
		if err != nil {
			return nil, fmt.Errorf("list of columns '%s': %w", types.Cut(text, 80), err)
		}
		for _, other := range all {
			if other.Name == c.Name {
				return nil, fmt.Errorf("column %s is there twice", c.Name)
			}
		}
		if all = append(all, c); len(all) > maxLogColumns {
			return nil, fmt.Errorf("expected at most %d columns", maxLogColumns)
		}
		if p.take(",") {
			continue
		}
		if t := p.peek(); t.Kind != token.EOF {
			return nil, fmt.Errorf("list of columns '%s': expected , or the end, found %s", types.Cut(text, 80), t)
		}
		return all, nil
	}
}

type columnParser struct {
	tokens []token.Token
	at     int
}

func (p *columnParser) peek() token.Token { return p.tokens[p.at] }

func (p *columnParser) take(text string) bool {
	t := p.peek()
	if (t.Kind == token.Word || t.Kind == token.Symbol) && t.Text == text {
		p.at++
		return true
	}
	return false
}

func (p *columnParser) column() (logColumn, error) {
	c := logColumn{Column: types.Column{Type: logType()}, length: -1}
	t := p.peek()
	if t.Kind != token.Word && t.Kind != token.Quoted {
		return c, fmt.Errorf("expected the name of a column, found %s", t)
	}
	p.at++
	c.Name = t.Text
	if p.take("TYPE") || p.peek().Kind == token.Word && p.peek().Text != "NOT" && p.peek().Text != "START" {
		if err := p.columnType(&c); err != nil {
			return c, err
		}
	}
	if p.take("NOT") {
		if !p.take("NULL") {
			return c, fmt.Errorf("expected NULL behind NOT, found %s", p.peek())
		}
		c.Type.Nullable = false
	}
	if !p.take("START") {
		return c, nil
	}
	c.placed = true
	var err error
	if c.start, err = p.number(); err == nil && p.take("FOR") {
		c.length, err = p.number()
	}
	return c, err
}

func (p *columnParser) columnType(c *logColumn) error {
	name := p.peek()
	if name.Kind != token.Word {
		return fmt.Errorf("expected a type, found %s", name)
	}
	p.at++
	if name.Text == "DOUBLE" {
		p.take("PRECISION")
	}
	var args []int
	if p.take("(") {
		for {
			n, err := p.number()
			if err != nil {
				return err
			}
			if args = append(args, n); !p.take(",") {
				break
			}
		}
		if !p.take(")") {
			return fmt.Errorf("expected ), found %s", p.peek())
		}
	}
	t, err := types.NewType(name.Text, args)
	switch {
	case err != nil:
		return err
	case t.Kind.IsBytes():
		return fmt.Errorf("column %s is %s; binary columns are not supported", c.Name, t)
	}
	c.Type = t
	if f := p.peek(); f.Kind == token.String {
		if !t.Kind.IsDatetime() {
			return fmt.Errorf("column %s is %s and takes no format", c.Name, t)
		}
		p.at++
		c.format, err = types.CompileDateFormat(f.Text)
	}
	return err
}

func (p *columnParser) number() (int, error) {
	t := p.peek()
	n, err := strconv.Atoi(t.Text)
	if t.Kind != token.Number || err != nil || n > types.MaxLength {
		return 0, fmt.Errorf("expected a whole number, found %s", t)
	}
	p.at++
	return n, nil
}

// pack packs a text as a value of the column.
func (c *logColumn) pack(w *rowWriter, s string) error {
	if c.format == nil {
		if err := w.text(s, c.Type); err != nil {
			return fmt.Errorf("column %s: %w", c.Name, err)
		}
		return nil
	}
	ms, err := c.format.Parse(s)
	if err != nil {
		return fmt.Errorf("column %s: %w", c.Name, err)
	}
	switch day := types.FloorTo(ms, types.Day); c.Type.Kind {
	case types.Date:
		ms = day
	case types.Time:
		ms -= day
	}
	w.number(ms)
	return nil
}

// packNull packs a value that is not there.
func (c *logColumn) packNull(w *rowWriter) error {
	if !c.Type.Nullable {
		return fmt.Errorf("column %s is NOT NULL and has no value", c.Name)
	}
	w.null()
	return nil
}

// fieldsOf are the fields that a list of columns makes. A row may be NULL, and so may each of its fields.
func fieldsOf(all []logColumn) []types.Column {
	fields := make([]types.Column, len(all))
	for i, c := range all {
		fields[i] = c.Column
		fields[i].Type.Nullable = true
	}
	return fields
}
