package bind

import "github.com/millrace/millrace/internal/sql/types"

// Motion says how the value of an expression moves while ROWTIME rises. A window is a stretch of time in which a monotonic
// expression keeps its value; that it never returns to an old one is what lets the window close.
type Motion uint8

const (
	// Unknown may move either way.
	Unknown Motion = iota
	// Constant does not move.
	Constant
	// Ascending never falls.
	Ascending
	// Descending never rises.
	Descending
)

func reverse(m Motion) Motion {
	switch m {
	case Ascending:
		return Descending
	case Descending:
		return Ascending
	}
	return m
}

// both is the motion of the sum of two.
func both(a, b Motion) Motion {
	switch {
	case a == Constant:
		return b
	case b == Constant || a == b:
		return a
	}
	return Unknown
}

// MotionOf returns how an expression moves with ROWTIME.
func MotionOf(e Expr) Motion {
	switch e := e.(type) {
	case *Rowtime:
		return Ascending
	case *Const:
		return Constant
	case *Column:
		if e.Pure != nil {
			return MotionOf(e.Pure)
		}
		return e.Motion
	case *Monotonic:
		if m := MotionOf(e.X); m != Unknown {
			return m
		}
		return Ascending
	case *Call:
		return motionOfCall(e)
	}
	return Unknown
}

func motionOfCall(e *Call) Motion {
	if len(e.Args) == 0 {
		return Unknown
	}
	// Each argument is looked at once: looking twice would double the work at every level of a deep expression.
	motions := make([]Motion, len(e.Args))
	constant, others := true, true
	for i, a := range e.Args {
		motions[i] = MotionOf(a)
		constant = constant && motions[i] == Constant
		others = others && (i == 0 || motions[i] == Constant)
	}
	if constant {
		return Constant
	}
	switch e.Format {
	case "(%s + %s)":
		return both(motions[0], motions[1])
	case "(%s - %s)", "((%s - %s) " + e.T.String() + ")":
		return both(motions[0], reverse(motions[1]))
	case "(%s * %s)", "(%s / %s)":
		return scaled(e, motions)
	case "(- %s)":
		return reverse(motions[0])
	}
	if e.Time == Ascending && others {
		return motions[0]
	}
	return Unknown
}

// scaled is the motion of m × c, c × m or m ÷ c.
func scaled(e *Call, motions []Motion) Motion {
	moving, factor := motions[0], e.Args[1]
	if moving == Constant && e.Format == "(%s * %s)" {
		moving, factor = motions[1], e.Args[0]
	}
	c, ok := factor.(*Const)
	if !ok || c.Value.Null {
		return Unknown
	}
	switch sign := signOf(c); {
	case sign > 0:
		return moving
	case sign < 0:
		return reverse(moving)
	}
	return Unknown
}

func signOf(c *Const) float64 {
	if c.T.Kind.Physical() == types.FloatValues {
		return c.Value.Float
	}
	return float64(c.Value.Int)
}

// isWindow reports whether a GROUP BY term makes windows: a monotonic function of ROWTIME and nothing else.
func isWindow(e Expr) bool {
	m := MotionOf(e)
	return m == Ascending || m == Descending
}

// pure rewrites an expression into a function of ROWTIME alone, or returns nil.
func pure(e Expr) Expr {
	switch e := e.(type) {
	case *Rowtime, *Const:
		return e
	case *Column:
		return e.Pure
	case *Monotonic:
		if isWindow(e.X) {
			return pure(e.X)
		}
		return nil
	case *Call:
		args := make([]Expr, len(e.Args))
		for i, a := range e.Args {
			if args[i] = pure(a); args[i] == nil {
				return nil
			}
		}
		again := *e
		again.Args = args
		return &again
	}
	return nil
}
