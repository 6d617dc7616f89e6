package function

import (
	"github.com/millrace/millrace/internal/sql/dialect"
	"github.com/millrace/millrace/internal/sql/types"
)

// The conversions between texts and times take a format of java.text.SimpleDateFormat as their first argument. A constant one
// is compiled once.

func timestampToChar(args []Arg) (Resolved, error) { return timeToText(args, types.Timestamp) }
func dateToChar(args []Arg) (Resolved, error)      { return timeToText(args, types.Date) }
func timeToChar(args []Arg) (Resolved, error)      { return timeToText(args, types.Time) }

func charToTimestamp(args []Arg) (Resolved, error) { return textToTime(args, types.Timestamp) }
func charToDate(args []Arg) (Resolved, error)      { return textToTime(args, types.Date) }
func charToTime(args []Arg) (Resolved, error)      { return textToTime(args, types.Time) }

// formats gives the format of each row.
type formats struct{ fixed *types.DateFormat }

func newFormats(args []Arg) (*formats, error) {
	if err := count(args, 2, 2); err != nil {
		return nil, err
	}
	if err := want(args, 0, types.Kind.IsText, "a format"); err != nil {
		return nil, err
	}
	c := args[0].Const
	if c == nil || c.Null {
		return &formats{}, nil
	}
	f, err := types.CompileDateFormat(c.Str)
	return &formats{f}, err
}

// at returns the format of a row, or nil when it is none and the row has failed.
func (f *formats) at(e *Eval, v *types.Vector, row int32) *types.DateFormat {
	if f.fixed != nil {
		return f.fixed
	}
	format, err := types.CompileDateFormat(v.Str[row])
	if err != nil {
		e.Fail(row, dialect.ErrArgument, "%s", err)
	}
	return format
}

func timeToText(args []Arg, from types.Kind) (Resolved, error) {
	f, err := newFormats(args)
	if err != nil {
		return Resolved{}, err
	}
	ok := func(k types.Kind) bool {
		return k == from || from == types.Timestamp && k.IsDatetime() || k == types.Timestamp
	}
	if err := want(args, 1, ok, "a "+from.String()); err != nil {
		return Resolved{}, err
	}
	kernel := func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		for _, i := range sel {
			if format := f.at(e, args[0], i); format != nil {
				out.Str[i] = e.Keep(format.Append(e.Room(format.Room()), args[1].Int[i]))
			}
		}
	}
	return Resolved{Args: []types.Type{asText(args[0].Type), types.Of(from)}, Type: types.Type{Kind: types.Varchar}, Kernel: kernel}, nil
}

func textToTime(args []Arg, to types.Kind) (Resolved, error) {
	f, err := newFormats(args)
	if err != nil {
		return Resolved{}, err
	}
	if err := want(args, 1, types.Kind.IsText, "a text"); err != nil {
		return Resolved{}, err
	}
	kernel := func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
		for _, i := range sel {
			format := f.at(e, args[0], i)
			if format == nil {
				continue
			}
			ms, err := format.Parse(args[1].Str[i])
			if err != nil {
				e.Fail(i, dialect.ErrCast, "%s", err)
			}
			switch day := types.FloorTo(ms, types.Day); to {
			case types.Date:
				ms = day
			case types.Time:
				ms -= day
			}
			out.Int[i] = ms
		}
	}
	return Resolved{Args: []types.Type{asText(args[0].Type), asText(args[1].Type)}, Type: types.Type{Kind: to}, Kernel: kernel}, nil
}

// tsdiff is TSDIFF(a, b) in milliseconds.
func tsdiff(args []Arg) (Resolved, error) {
	if err := count(args, 2, 2); err != nil {
		return Resolved{}, err
	}
	for i := range args {
		if err := want(args, i, types.Kind.IsDatetime, "a TIMESTAMP"); err != nil {
			return Resolved{}, err
		}
	}
	subtract := integerKernel("-", types.Bigint)
	kernel := subtract
	if !dialect.TSDiffIsFirstMinusSecond {
		kernel = func(e *Eval, sel []int32, args []*types.Vector, out *types.Vector) {
			subtract(e, sel, []*types.Vector{args[1], args[0]}, out)
		}
	}
	t := types.Of(types.Timestamp)
	return Resolved{Args: []types.Type{t, t}, Type: types.Type{Kind: types.Bigint}, Kernel: kernel}, nil
}
