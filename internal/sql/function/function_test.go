package function

import (
	"math/big"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/millrace/millrace/internal/sql/types"
)

// run computes a resolved function for one row of integers, decimals or texts.
func run(t *testing.T, r Resolved, args ...any) (*types.Vector, []Failure) {
	t.Helper()
	e := &Eval{}
	vectors := make([]*types.Vector, len(args))
	for i, a := range args {
		v := &types.Vector{Kind: r.Args[i].Kind}
		switch a := a.(type) {
		case int64:
			v.Int = []int64{a}
		case float64:
			v.Float = []float64{a}
		case string:
			v.Str = []string{a}
		}
		vectors[i] = v
	}
	out := &types.Vector{Kind: r.Type.Kind, Int: make([]int64, 1), Float: make([]float64, 1), Str: make([]string, 1)}
	r.Kernel(e, []int32{0}, vectors, out)
	return out, e.Failures
}

// Arithmetic with decimals is exact: it agrees with big.Rat cut at the scale of the result, or says that it does not fit.
func TestDecimalArithmeticIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 20_000 {
		a, b := randomDecimal(r), randomDecimal(r)
		va, vb := randomValue(r, a.Precision), randomValue(r, b.Precision)
		for _, op := range []string{"*", "/"} {
			if op == "/" && vb == 0 {
				continue
			}
			res, err := Arithmetic(op, Arg{Type: a}, Arg{Type: b})
			if err != nil {
				t.Fatal(err)
			}
			if res.Type.Precision > types.MaxPrecision || res.Type.Scale > res.Type.Precision {
				t.Fatalf("%s %s %s is %s", a, op, b, res.Type)
			}
			out, failures := run(t, res, va, vb)
			x, y := rat(va, a.Scale), rat(vb, b.Scale)
			want := new(big.Rat).Mul(x, y)
			if op == "/" {
				want.Quo(x, y)
			}
			scaled := new(big.Int).Mul(want.Num(), big.NewInt(types.Pow10(res.Type.Scale)))
			scaled.Quo(scaled, want.Denom())
			fits := scaled.CmpAbs(big.NewInt(types.Pow10(res.Type.Precision))) < 0
			if fits != (len(failures) == 0) || fits && scaled.Int64() != out.Int[0] {
				t.Fatalf("%d (%s) %s %d (%s) = %d (%s), failed %v, want %s", va, a, op, vb, b, out.Int[0], res.Type, failures, scaled)
			}
		}
		res, err := Compare("<", Arg{Type: a}, Arg{Type: b})
		if err != nil {
			t.Fatal(err)
		}
		if out, _ := run(t, res, va, vb); (out.Int[0] == 1) != (rat(va, a.Scale).Cmp(rat(vb, b.Scale)) < 0) {
			t.Fatalf("%d (%s) < %d (%s) is %d", va, a, vb, b, out.Int[0])
		}
	}
}

func randomDecimal(r *rand.Rand) types.Type {
	p := 1 + r.IntN(types.MaxPrecision)
	return types.DecimalOf(p, r.IntN(p+1))
}

func randomValue(r *rand.Rand, precision int) int64 {
	v := r.Int64N(types.Pow10(1 + r.IntN(precision)))
	if r.IntN(2) == 0 {
		return -v
	}
	return v
}

func rat(v int64, scale int) *big.Rat { return big.NewRat(v, types.Pow10(scale)) }

func TestIntegerArithmeticSeesOverflow(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	edge := []int64{0, 1, -1, 2, 1 << 62, -1 << 62, 1<<63 - 1, -1 << 63, 1 << 31, -1 << 31}
	for range 20_000 {
		a, b := edge[r.IntN(len(edge))], edge[r.IntN(len(edge))]
		if r.IntN(2) == 0 {
			a = int64(r.Uint64())
		}
		for _, op := range []string{"+", "-", "*"} {
			x, y := big.NewInt(a), big.NewInt(b)
			want := map[string]*big.Int{"+": new(big.Int).Add(x, y), "-": new(big.Int).Sub(x, y), "*": new(big.Int).Mul(x, y)}[op]
			res, _ := Arithmetic(op, Arg{Type: types.Of(types.Bigint)}, Arg{Type: types.Of(types.Bigint)})
			out, failures := run(t, res, a, b)
			if want.IsInt64() != (len(failures) == 0) || want.IsInt64() && want.Int64() != out.Int[0] {
				t.Fatalf("%d %s %d = %d, failed %v, want %s", a, op, b, out.Int[0], failures, want)
			}
		}
	}
}

// LIKE agrees with the regular expression that means the same.
func TestLikeAgainstRegexp(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	random := func(from string, n int) string {
		var b strings.Builder
		letters := []rune(from)
		for range r.IntN(n) {
			b.WriteRune(letters[r.IntN(len(letters))])
		}
		return b.String()
	}
	for range 50_000 {
		pattern, text := random("abß%_", 7), random("abß", 8)
		expr := strings.NewReplacer("%", ".*", "_", ".").Replace(pattern)
		want := regexp.MustCompile("^(?s:" + expr + ")$").MatchString(text)
		p, err := compileLike(pattern, "")
		if err != nil {
			t.Fatal(err)
		}
		if got := p.matches(text); got != want {
			t.Fatalf("'%s' LIKE '%s' is %v, want %v", text, pattern, got, want)
		}
	}
	if _, err := compileLike(`a\`, `\`); err == nil {
		t.Error("a pattern may end with its escape character")
	}
}

func TestNamesExist(t *testing.T) {
	for _, name := range Names() {
		if !Exists(name) {
			t.Errorf("function %s is suggested and does not exist", name)
		}
	}
	for _, name := range RowNames() {
		if !IsRow(name) {
			t.Errorf("function %s is suggested and does not exist", name)
		}
	}
}

// Texts made in one round stay what they are, however many follow.
func TestArenaKeepsTexts(t *testing.T) {
	e := &Eval{}
	for range 3 {
		e.Reset()
		var kept []string
		for i := range 5000 {
			kept = append(kept, e.Copy(strings.Repeat(string(rune('a'+i%26)), i%97)))
		}
		for i, s := range kept {
			if s != strings.Repeat(string(rune('a'+i%26)), i%97) {
				t.Fatalf("text %d became %q", i, s)
			}
		}
	}
}
