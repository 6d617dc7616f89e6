// Package function holds the scalar functions, operators and casts: which types they take and the loops that compute them
// over columns.
package function

import (
	"fmt"
	"unsafe"

	"github.com/millrace/millrace/internal/sql/types"
)

// Kernel computes out at the rows in sel. Every argument is not NULL at them; out has room for every row of the batch.
// A row that cannot be computed is given to Eval.Fail and may hold anything.
type Kernel func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector)

// Value is a constant. Int, Float or Str holds it, as in a Vector.
type Value struct {
	Null  bool
	Int   int64
	Float float64
	Str   string
}

// Arg is what is known of an argument when a function is resolved. Const is nil when it differs from row to row.
type Arg struct {
	Type  types.Type
	Const *Value
}

// Resolved is a function fitted to its arguments. Args are the types to which the arguments must be cast first.
type Resolved struct {
	Args   []types.Type
	Type   types.Type
	Kernel Kernel
}

// Failure is a row that could not be computed.
type Failure struct {
	Row           int32
	Name, Message string
}

// Eval is what kernels share during one round of the engine: memory for the texts they make, and the rows that failed.
type Eval struct {
	Failures []Failure
	arena    []byte
}

// Reset forgets the texts of the last round. They must not be used any more.
func (e *Eval) Reset() { e.arena = e.arena[:0] }

// Fail reports that a row cannot be computed.
func (e *Eval) Fail(row int32, name, format string, args ...any) {
	e.Failures = append(e.Failures, Failure{row, name, fmt.Sprintf(format, args...)})
}

const arenaBlock = 64 << 10

// Room returns an empty slice with room for n bytes. The text built in it becomes a value by Keep.
func (e *Eval) Room(n int) []byte {
	if cap(e.arena)-len(e.arena) < n {
		// Texts made before stay in the old block, which lives as long as they do.
		e.arena = make([]byte, 0, max(arenaBlock, 2*cap(e.arena), n))
	}
	return e.arena[len(e.arena):]
}

// Keep turns what was built in the slice of Room into a text that lives until the round ends.
func (e *Eval) Keep(text []byte) string {
	if len(text) == 0 {
		return ""
	}
	used := len(e.arena)
	if used+len(text) <= cap(e.arena) && unsafe.SliceData(text) == unsafe.SliceData(e.arena[used:cap(e.arena)]) {
		e.arena = e.arena[:used+len(text)]
	}
	return unsafe.String(unsafe.SliceData(text), len(text))
}

// Copy returns a copy of a text that lives until the round ends.
func (e *Eval) Copy(s string) string { return e.Keep(append(e.Room(len(s)), s...)) }

// resolver fits a function to its arguments or says why it does not.
type resolver func(args []Arg) (Resolved, error)

// lookup is the table of the functions that are written name(args).
func lookup(name string) resolver {
	switch name {
	case "EXP":
		return exp
	case "LN":
		return ln
	case "LOG10":
		return log10
	case "SQRT":
		return sqrt
	case "POWER":
		return power
	case "UPPER":
		return textToText(upper)
	case "LOWER":
		return textToText(lower)
	case "INITCAP":
		return textToText(initcap)
	case "OVERLAY":
		return overlay
	case "REGEX_REPLACE":
		return regexReplace
	case "CHAR_LENGTH", "CHARACTER_LENGTH":
		return charLength
	case "SUBSTRING":
		return substring
	case "POSITION":
		return position
	case "TRIM":
		return trim
	case "ABS":
		return abs
	case "MOD":
		return mod
	case "FLOOR":
		return floorNumber
	case "CEIL":
		return ceilNumber
	case "UNIX_TIMESTAMP":
		return unixTimestamp
	case "TO_TIMESTAMP":
		return toTimestamp
	case "TSDIFF":
		return tsdiff
	case "TIMESTAMP_TO_CHAR":
		return timestampToChar
	case "DATE_TO_CHAR":
		return dateToChar
	case "TIME_TO_CHAR":
		return timeToChar
	case "CHAR_TO_TIMESTAMP":
		return charToTimestamp
	case "CHAR_TO_DATE":
		return charToDate
	case "CHAR_TO_TIME":
		return charToTime
	}
	return nil
}

// Names returns the functions of lookup, for suggestions.
func Names() []string {
	return []string{"ABS", "CEIL", "CHAR_LENGTH", "CHARACTER_LENGTH", "CHAR_TO_DATE", "CHAR_TO_TIME", "CHAR_TO_TIMESTAMP", "DATE_TO_CHAR",
		"EXP", "FLOOR", "INITCAP", "LN", "LOG10", "LOWER", "MOD", "OVERLAY", "POSITION", "POWER", "REGEX_REPLACE", "SQRT", "SUBSTRING",
		"TIMESTAMP_TO_CHAR", "TIME_TO_CHAR", "TO_TIMESTAMP", "TRIM", "TSDIFF", "UNIX_TIMESTAMP", "UPPER"}
}

// Exists reports whether there is a function of this name.
func Exists(name string) bool { return lookup(name) != nil }

// Resolve fits a function that is written name(args) to its arguments.
func Resolve(name string, args []Arg) (Resolved, error) {
	r, err := lookup(name)(args)
	if err != nil {
		return Resolved{}, fmt.Errorf("%s: %w", name, err)
	}
	return strict(r, args), nil
}

// strict marks the result nullable where an argument is: every kernel yields NULL for NULL.
func strict(r Resolved, args []Arg) Resolved {
	for _, a := range args {
		r.Type.Nullable = r.Type.Nullable || a.Type.Nullable
	}
	return r
}

func count(args []Arg, lo, hi int) error {
	if len(args) >= lo && len(args) <= hi {
		return nil
	}
	if lo == hi {
		return fmt.Errorf("expected %d arguments, found %d", lo, len(args))
	}
	return fmt.Errorf("expected %d to %d arguments, found %d", lo, hi, len(args))
}

// want checks that argument i has a kind and names what it should be.
func want(args []Arg, i int, ok func(types.Kind) bool, what string) error {
	if k := args[i].Type.Kind; k != types.Null && !ok(k) {
		return fmt.Errorf("argument %d is %s, expected %s", i+1, args[i].Type, what)
	}
	return nil
}

func typesOf(args []Arg) []types.Type {
	all := make([]types.Type, len(args))
	for i, a := range args {
		all[i] = a.Type
	}
	return all
}

func bool64(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
