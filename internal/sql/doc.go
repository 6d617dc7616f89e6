// Package sql compiles and runs the streaming SQL of Kinesis Data Analytics applications.
//
//	text ─ scanner ─▶ tokens ─ parser ─▶ AST ─ bind ─▶ typed trees ─ plan ─▶ operators per pump ─ exec ─▶ rows
//
// Compile does everything up to the plan and reports what is wrong with its place in the text; an Engine runs the plan:
//
//	Push(input, rows) ──▶ pump ─▶ in-application stream ─▶ pump ─▶ in-application stream ─▶ Sink
//	Bound(t) ───────────▶ closes windows whose end is ≤ t
//
// Uncertain points of the dialect are named switches in package dialect.
package sql
