package aggregate

import (
	"math"

	"github.com/millrace/millrace/internal/searchindex/wire"
)

// extended are the members that extended_stats has beyond stats.
func (c *summary) extended(t *tally) wire.Object {
	if t.count == 0 {
		return wire.Object{
			{Name: "sum_of_squares", Value: nil}, {Name: "variance", Value: nil}, {Name: "variance_population", Value: nil}, {Name: "variance_sampling", Value: nil},
			{Name: "std_deviation", Value: nil}, {Name: "std_deviation_population", Value: nil}, {Name: "std_deviation_sampling", Value: nil},
			{Name: "std_deviation_bounds", Value: wire.Object{
				{Name: "upper", Value: nil}, {Name: "lower", Value: nil}, {Name: "upper_population", Value: nil}, {Name: "lower_population", Value: nil},
				{Name: "upper_sampling", Value: nil}, {Name: "lower_sampling", Value: nil},
			}},
		}
	}
	population, sampling := t.variances()
	deviation, sampled := math.Sqrt(population), math.Sqrt(sampling)
	mean, sigma := t.sum/float64(t.count), c.spec.sigma
	return wire.Object{
		{Name: "sum_of_squares", Value: t.squares}, {Name: "variance", Value: population}, {Name: "variance_population", Value: population}, {Name: "variance_sampling", Value: sampling},
		{Name: "std_deviation", Value: deviation}, {Name: "std_deviation_population", Value: deviation}, {Name: "std_deviation_sampling", Value: sampled},
		{Name: "std_deviation_bounds", Value: wire.Object{
			{Name: "upper", Value: mean + deviation*sigma}, {Name: "lower", Value: mean - deviation*sigma},
			{Name: "upper_population", Value: mean + deviation*sigma}, {Name: "lower_population", Value: mean - deviation*sigma},
			{Name: "upper_sampling", Value: mean + sampled*sigma}, {Name: "lower_sampling", Value: mean - sampled*sigma},
		}},
	}
}

// variances are that of the values themselves, and that of what they are a sample of: not a number for a single value.
func (t *tally) variances() (population, sampling float64) {
	n := float64(t.count)
	spread := max(t.squares-t.sum*t.sum/n, 0)
	return spread / n, spread / (n - 1)
}
