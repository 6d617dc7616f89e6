package logformat

// javaNode is a piece of a Java regular expression. Character classes are sets already and flags are spent: what they change is in the nodes.
type javaNode struct {
	op       javaOp
	sub      []*javaNode // of a sequence or alternation; [0] of the others
	set      charset     // of opSet
	group    int         // of opCapture, opBackref; from 1
	min, max int         // of opRepeat; max < 0 is without end
	mode     repeatMode
	negative bool // of opLook and opWordBoundary
	behind   bool // of opLook
	lines    bool // of opBegin, opEnd: (?m)
	unix     bool // of opBegin, opEnd: (?d)
}

type javaOp uint8

const (
	opSequence javaOp = iota // of none: the empty text
	opAlternate
	opSet // one character
	opCapture
	opRepeat
	opAtomic
	opLook
	opBackref
	opBegin        // ^
	opEnd          // $
	opTextBegin    // \A
	opTextEnd      // \z
	opLastLineEnd  // \Z
	opWordBoundary // \b, \B
)

type repeatMode uint8

const (
	greedy repeatMode = iota
	lazy
	possessive
)
