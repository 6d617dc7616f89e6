package plan

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/millrace/millrace/internal/sql/bind"
	"github.com/millrace/millrace/internal/sql/types"
)

// version is part of every fingerprint. It rises when the state of an operator changes its form.
const version = 3

// Application is the plan of a whole text. Pumps stand in its order, which is also that of rows that meet in one stream.
type Application struct {
	Inputs  []bind.Stream
	Tables  []bind.Stream
	Streams []bind.Stream
	Pumps   []*Insert
}

// Build plans a resolved application.
func Build(app *bind.Application) *Application {
	a := &Application{Inputs: app.Inputs, Tables: app.Tables, Streams: app.Streams}
	for _, p := range app.Pumps {
		i := slices.IndexFunc(app.Streams, func(s bind.Stream) bool { return s.Name == p.Target })
		insert := &Insert{Input: query(p.Query), Pump: p.Name, Target: p.Target, Values: p.Values, Cols: app.Streams[i].Columns}
		insert.Need(nil)
		a.Pumps = append(a.Pumps, insert)
	}
	return a
}

// source plans what a query reads.
func source(s bind.Source) Node {
	switch s := s.(type) {
	case *bind.Stream:
		return &Scan{Stream: s.Name, Cols: s.Columns}
	case *bind.Query:
		return query(s)
	case *bind.TableFunction:
		return tableFunction(s)
	case *bind.Join:
		return join(s)
	case *bind.Union:
		return &Union{Left: query(s.Left), Right: query(s.Right)}
	}
	panic(fmt.Sprintf("BUG: no plan for %T", s))
}

func query(q *bind.Query) Node {
	n := source(q.From)
	if q.Where != nil {
		n = &Filter{Input: n, Cond: q.Where, Name: "WHERE"}
	}
	if q.Group != nil {
		n = aggregate(n, q.Group)
	}
	if q.Having != nil {
		n = &Filter{Input: n, Cond: q.Having, Name: "HAVING"}
	}
	if q.Over != nil {
		n = analytic(n, q.Over)
	}
	p := &Project{Input: n}
	for _, it := range q.Items {
		p.Exprs = append(p.Exprs, it.Expr)
		p.Cols = append(p.Cols, types.Column{Name: it.Name, Type: it.Expr.Type()})
	}
	return list(p, q)
}

func aggregate(input Node, g *bind.Group) Node {
	var cols []types.Column
	for _, k := range g.Keys {
		cols = append(cols, types.Column{Name: k.Label, Type: k.Expr.Type()})
	}
	for _, a := range g.Aggregates {
		cols = append(cols, types.Column{Name: a.Label, Type: a.T})
	}
	if g.Range > 0 {
		return &Stagger{Input: input, Keys: g.Keys, Aggregates: g.Aggregates, Range: g.Range, Cols: cols}
	}
	return &Aggregate{Input: input, Keys: g.Keys, Aggregates: g.Aggregates, Cols: cols}
}

// Scans returns the scans at the bottom of a plan, from left to right.
func Scans(n Node) []*Scan {
	if s, ok := n.(*Scan); ok {
		return []*Scan{s}
	}
	var all []*Scan
	for _, in := range n.Inputs() {
		all = append(all, Scans(in)...)
	}
	return all
}

// Explain prints a plan as a tree, the rows going upwards.
func Explain(n Node) string {
	var b strings.Builder
	explain(&b, n, 0)
	return b.String()
}

func explain(b *strings.Builder, n Node, depth int) {
	fmt.Fprintf(b, "%s%s\n", strings.Repeat("  ", depth), n.Describe())
	for _, in := range n.Inputs() {
		explain(b, in, depth+1)
	}
}

// Fingerprint identifies the plan with everything that operator state depends on.
func (a *Application) Fingerprint() [32]byte {
	h := sha256.New()
	fmt.Fprintf(h, "version %d\n", version)
	for _, t := range a.Tables {
		fmt.Fprintf(h, "table %q %v\n", t.Name, t.Columns)
	}
	for _, p := range a.Pumps {
		fmt.Fprintf(h, "pump %q\n%s", p.Pump, Explain(p))
	}
	return [32]byte(h.Sum(nil))
}

// Needed says which columns of a stream any pump reads.
func (a *Application) Needed(stream string, columns int) []bool {
	needed := make([]bool, columns)
	for _, p := range a.Pumps {
		for _, scan := range Scans(p) {
			if scan.Stream != stream {
				continue
			}
			for i, n := range scan.Needed {
				needed[i] = needed[i] || n
			}
		}
	}
	return needed
}
