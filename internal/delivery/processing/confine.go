package processing

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/itchyny/gojq"
)

// confine refuses what a program may not use and puts guards into it.
func confine(tree *gojq.Query) error {
	var err error
	walk(reflect.ValueOf(tree), func(node any) {
		switch n := node.(type) {
		case *gojq.Import:
			err = errors.New("modules are refused: there are none")
		case *gojq.Func:
			if why := refusedFunction(n.Name); why != "" {
				err = fmt.Errorf("%s is refused: %s", n.Name, why)
			}
		case *gojq.Query:
			switch n.Op {
			case gojq.OpMul:
				n.Left, n.Right = guarded(n.Left, noText), guarded(n.Right, noText)
			case gojq.OpSub:
				n.Left, n.Right = guarded(n.Left, noArray), guarded(n.Right, noArray)
			case gojq.OpUpdateMul:
				err = errors.New("*= is refused: write .a = .a * .b")
			case gojq.OpUpdateSub:
				err = errors.New("-= is refused: write .a = .a - .b")
			}
		}
	})
	return err
}

func refusedFunction(name string) string {
	switch name {
	case "env", "$ENV", "$__prog_args", "input", "inputs", "input_filename", "input_line_number",
		"debug", "stderr", "modulemeta", "get_search_list", "halt", "halt_error":
		return "a query has nothing but its record"
	case "now":
		return "a record that comes again would get another partition; !{timestamp:…} in the prefix is its time of arrival"
	case "localtime", "strflocaltime":
		return "it depends on the machine; gmtime and strftime are UTC"
	}
	return ""
}

// walk visits every node below v, children first.
func walk(v reflect.Value, visit func(node any)) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			walk(v.Elem(), visit)
			visit(v.Interface())
		}
	case reflect.Slice:
		for i := range v.Len() {
			walk(v.Index(i), visit)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			walk(v.Field(i), visit)
		}
	}
}

// Guards let through everything but texts, or but arrays.
const (
	noText  = "_millrace_no_text"
	noArray = "_millrace_no_array"
)

func guarded(operand *gojq.Query, guard string) *gojq.Query {
	call := &gojq.Term{Type: gojq.TermTypeFunc, Func: &gojq.Func{Name: guard}}
	return &gojq.Query{Op: gojq.OpPipe, Left: operand, Right: &gojq.Query{Term: call}}
}

func refuseText(v any, _ []any) any {
	if _, ok := v.(string); ok {
		return errors.New("a text is not multiplied")
	}
	return v
}

func refuseArray(v any, _ []any) any {
	if _, ok := v.([]any); ok {
		return errors.New("an array is not subtracted")
	}
	return v
}

// steps is a context that ends after a number of looks at it: the jq machine
// looks before each instruction.
type steps struct {
	context.Context
	left int
	over chan struct{} // closed
}

func newSteps() *steps {
	s := &steps{Context: context.Background(), over: make(chan struct{})}
	close(s.over)
	return s
}

func (s *steps) Done() <-chan struct{} {
	if s.left--; s.left < 0 {
		return s.over
	}
	return nil
}

func (s *steps) Err() error {
	if s.left < 0 {
		return fmt.Errorf("it takes more than %d steps", maxSteps)
	}
	return nil
}
