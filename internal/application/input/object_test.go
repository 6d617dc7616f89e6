package input

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// TestObject reads the records of each case as one object, in pieces of any
// size: the rows are those of the records.
func TestObject(t *testing.T) {
	for _, c := range readRowCases(t) {
		if strings.Contains(c.want, "error ") {
			continue // what is refused with a fault differs: TestObjectFaults
		}
		l, err := c.schema.Layout()
		if err != nil {
			t.Fatal(err)
		}
		between := "\n"
		if c.schema.Format == CSV {
			between = l.schema.RowDelimiter
		}
		object := strings.Join(c.records, between)
		for chunk := 1; chunk < len(object)+2; chunk++ {
			p := &rowPrinter{columns: l.Columns()[:l.own]}
			if err := readObject(l, strings.NewReader(object), chunk, p.push, p.fail); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			if got := p.String(); got != c.want {
				t.Fatalf("%s, in pieces of %d bytes: got\n%s\nwant\n%s", c.name, chunk, got, c.want)
			}
		}
	}
}

// TestObjectFaults refuses documents and rows one by one.
func TestObjectFaults(t *testing.T) {
	for _, c := range []struct{ schema, object, want string }{
		{"json $", "{\"k\":\"a\"}\n{\"k\":nonsense}{\"k\":\"b\"} trailing\n{\"k\":\"}\\\"\"}\n{\"k\":",
			"\"a\"\nerror INVALID_JSON the record is no JSON: byte 5: want null\n\"b\"\nerror INVALID_JSON the record is no JSON: byte 0: found 't', want a JSON object\n\"}\\\"\"\n" +
				"error INVALID_JSON the record is no JSON: byte 5: the record ends, want a value"},
		{"csv , \\n", "a\n\"b\"x\nc\n\"d\n", "\"a\"\nerror INVALID_CSV field 1 goes on after its closing quote\n\"c\"\nerror INVALID_CSV field 1 is quoted and has no closing quote"},
	} {
		l, err := readSchema([]string{c.schema, "VARCHAR(8) $.k"}).Layout()
		if err != nil {
			t.Fatal(err)
		}
		for chunk := 1; chunk < len(c.object)+2; chunk++ {
			p := &rowPrinter{columns: l.Columns()[:l.own]}
			if err := readObject(l, strings.NewReader(c.object), chunk, p.push, p.fail); err != nil {
				t.Fatal(err)
			}
			if got := p.String(); got != c.want {
				t.Fatalf("%s, in pieces of %d bytes: got\n%s\nwant\n%s", c.schema, chunk, got, c.want)
			}
		}
	}
}

// TestObjectErrors passes on what reading says, and refuses a row without end.
func TestObjectErrors(t *testing.T) {
	l, err := readSchema([]string{"json $", "VARCHAR(8) $.k"}).Layout()
	if err != nil {
		t.Fatal(err)
	}
	p := &rowPrinter{columns: l.Columns()[:l.own]}
	broken := errors.New("broken")
	if err := Object(l, io.MultiReader(strings.NewReader(`{"k":"a"}`), iotest.ErrReader(broken)), p.push, p.fail); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	endless := io.MultiReader(strings.NewReader(`{"k":"`), iotest.DataErrReader(io.LimitReader(blanks{}, 80<<20)))
	if err := Object(l, endless, p.push, p.fail); !errors.Is(err, ErrTooLarge) {
		t.Errorf("error %v", err)
	}
	rows := 0
	many := strings.NewReader(strings.Repeat(`{"k":"a"}`+"\n", 300_000))
	p.out.Reset()
	if err := Object(l, many, p.push, p.fail); err != nil {
		t.Fatal(err)
	}
	if rows = strings.Count(p.out.String(), "\"a\""); rows != 300_000 {
		t.Error(fmt.Sprint(rows, " rows"))
	}
}

type blanks struct{}

func (blanks) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	return len(b), nil
}
