package sql

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/millrace/millrace/internal/sql/types"
)

// held is a row as a frame holds it; v is nil for NULL.
type held struct {
	time int64
	key  string
	v    *float64
}

// counted are the rows that a function counts which skips NULL or does not.
func counted(frame []held, skip bool) []held {
	if !skip {
		return frame
	}
	return slices.DeleteFunc(slices.Clone(frame), func(r held) bool { return r.v == nil })
}

// nthOf is value n of some rows, from 1 on; below 0 it counts from the last.
func nthOf(rows []held, n int) any {
	if n < 0 {
		n = len(rows) + 1 + n
	}
	if n < 1 || n > len(rows) || rows[n-1].v == nil {
		return nil
	}
	return int64(*rows[n-1].v)
}

func lagOf(frame []held, n int, skip bool, standIn any) any {
	before := counted(frame[:len(frame)-1], skip)
	if n > len(before) {
		return standIn
	}
	return nthOf(before, -n)
}

// varianceOf is the sum of squared distances from the mean, over n values or n - 1.
func varianceOf(frame []held, sample bool) any {
	rows := counted(frame, true)
	n, sum, squares := float64(len(rows)), 0.0, 0.0
	for _, r := range rows {
		sum += *r.v
	}
	for _, r := range rows {
		squares += (*r.v - sum/n) * (*r.v - sum/n)
	}
	if sample {
		n--
	}
	if n < 1 {
		return nil
	}
	return squares / n
}

func expAvgOf(frame []held, half float64) any {
	now := frame[len(frame)-1].time
	sum, weight := 0.0, 0.0
	for _, r := range counted(frame, true) {
		w := math.Exp2(-float64(now-r.time) / half)
		sum, weight = sum+w**r.v, weight+w
	}
	if weight == 0 {
		return nil
	}
	return sum / weight
}

// Functions over sliding windows give what looking at all rows of the frame gives, NULLs and rows of the same ROWTIME included.
func TestSlidingLikeTheDefinition(t *testing.T) {
	functions := []struct {
		text  string
		value func(frame []held) any
	}{
		{"FIRST_VALUE(V)", func(f []held) any { return nthOf(f, 1) }},
		{"FIRST_VALUE(V) IGNORE NULLS", func(f []held) any { return nthOf(counted(f, true), 1) }},
		{"LAST_VALUE(V) IGNORE NULLS", func(f []held) any { return nthOf(counted(f, true), -1) }},
		{"NTH_VALUE(V, 3)", func(f []held) any { return nthOf(f, 3) }},
		{"NTH_VALUE(V, 3) FROM LAST", func(f []held) any { return nthOf(f, -3) }},
		{"NTH_VALUE(V, 2) IGNORE NULLS", func(f []held) any { return nthOf(counted(f, true), 2) }},
		{"NTH_VALUE(V, 2) FROM LAST IGNORE NULLS", func(f []held) any { return nthOf(counted(f, true), -2) }},
		{"LAG(V)", func(f []held) any { return lagOf(f, 1, false, nil) }},
		{"LAG(V, 0)", func(f []held) any { return nthOf(f, -1) }},
		{"LAG(V, 2, -1)", func(f []held) any { return lagOf(f, 2, false, int64(-1)) }},
		{"LAG(V, 3, -7) IGNORE NULLS", func(f []held) any { return lagOf(f, 3, true, int64(-7)) }},
		{"VAR_POP(V)", func(f []held) any { return varianceOf(f, false) }},
		{"VAR_SAMP(V)", func(f []held) any { return varianceOf(f, true) }},
		{"EXP_AVG(V, INTERVAL '0.015' SECOND)", func(f []held) any { return expAvgOf(f, 15) }},
	}
	columns, list := "", ""
	for i, f := range functions {
		kind := "INTEGER"
		if i > 10 {
			kind = "DOUBLE"
		}
		columns += fmt.Sprintf(", C%d %s", i, kind)
		list += ", " + f.text + " OVER W"
	}
	for frame, in := range map[string]func(all []held, i, j int) bool{
		"RANGE INTERVAL '0.025' SECOND PRECEDING": func(all []held, i, _ int) bool { return all[i].time >= all[len(all)-1].time-25 },
		"ROWS 4 PRECEDING":                        func(_ []held, _, behind int) bool { return behind <= 4 },
		"ROWS 1 PRECEDING":                        func(_ []held, _, behind int) bool { return behind <= 1 },
		"ROWS UNBOUNDED PRECEDING":                func([]held, int, int) bool { return true },
	} {
		for _, partition := range []bool{false, true} {
			by := ""
			if partition {
				by = "PARTITION BY K "
			}
			t.Run(by+frame, func(t *testing.T) {
				p, err := Compile("f.sql", "CREATE STREAM O (K VARCHAR(8)"+columns+"); CREATE PUMP P AS INSERT INTO O SELECT STREAM K"+list+" FROM A WINDOW W AS ("+by+frame+")", Schema{Inputs: testInputs})
				if err != nil {
					t.Fatal(err)
				}
				out := &cellsOf{t: t, program: p}
				all := randomRows(700)
				pushHeld(p.NewEngine(out, Limits{}), all)
				if len(out.rows) != len(all) {
					t.Fatalf("%d rows, want %d", len(out.rows), len(all))
				}
				for i := range all {
					mine := frameOf(all[:i+1], partition, in)
					for k, f := range functions {
						if got, want := out.rows[i][k+2], f.value(mine); !equalCells(got, want) {
							t.Fatalf("row %d: %s is %v, want %v of %d rows", i, f.text, got, want, len(mine))
						}
					}
				}
			})
		}
	}
}

func randomRows(n int) []held {
	r := rand.New(rand.NewPCG(3, 3))
	all := make([]held, n)
	at := int64(1_000_000)
	for i := range all {
		at += int64(r.IntN(4) * r.IntN(8))
		all[i] = held{time: at, key: string(rune('a' + r.IntN(3)))}
		// There are long runs of NULL as well.
		if v := float64(r.IntN(50)); r.IntN(3) > 0 && i/40%3 != 2 {
			all[i].v = &v
		}
	}
	return all
}

func pushHeld(e *Engine, all []held) {
	b := types.NewBatch(testInputs[0].Columns)
	b.Cols[2] = nil
	for _, row := range all {
		b.N++
		b.Rowtime, b.Cols[0].Str, b.Cols[1].Null = append(b.Rowtime, row.time), append(b.Cols[0].Str, row.key), append(b.Cols[1].Null, row.v == nil)
		v := int64(0)
		if row.v != nil {
			v = int64(*row.v)
		}
		b.Cols[1].Int = append(b.Cols[1].Int, v)
	}
	e.Push("A", b)
}

// frameOf picks the rows that the last one sees: in takes all rows, one of them, and how many of its partition came behind it.
func frameOf(all []held, partition bool, in func(all []held, i, behind int) bool) (frame []held) {
	last, behind := all[len(all)-1], 0
	for i := len(all) - 1; i >= 0; i-- {
		if partition && all[i].key != last.key {
			continue
		}
		if in(all, i, behind) {
			frame = append(frame, all[i])
		}
		behind++
	}
	slices.Reverse(frame)
	return frame
}
