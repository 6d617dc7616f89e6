package dialect

// What AWS left open about table functions. Further such points are kept at one place of code each: records whose shingle is
// not full yet score 0 and are not learned, so the first subSampleSize+shingleSize-1 scores are 0 (forest, Forest.Push);
// timeDecay is the time in which a record's chance to be in a sample falls to 1/e, and none is dropped for its age alone,
// though the reference says that older ones are ignored (forest, Forest.learn); a hotspot is records that are neighbours
// within the radius, and neighbours of those, and density divides by the product of its sides (hotspot); STRENGTH is a mean
// distance, but which is a guess (forest, Forest.PushExplained); TOP_K_ITEMS_TUMBLING and COUNT_DISTINCT_ITEMS_TUMBLING do not
// count NULL, as COUNT does not (exec, items).
const (
	// ScoreOfNullIsNull: a row with NULL in a numeric column, or with a number that is infinite, is not learned from and gets
	// NULL for a score, an explanation or hotspots. Otherwise NULL counts as 0.
	ScoreOfNullIsNull = true

	// MaxItemLength is how many characters of a value TOP_K_ITEMS_TUMBLING tells apart and returns: AWS's examples declare
	// ITEM as VARCHAR(1024).
	MaxItemLength = 1024

	// MaxExplanationLength is the length of ANOMALY_EXPLANATION, as the reference declares it.
	MaxExplanationLength = 20480

	// MaxHotspotsLength is the length of HOTSPOTS_RESULT, as the reference declares it. The least dense hotspots are left out
	// where all would be longer.
	MaxHotspotsLength = 10000

	// UndirectedIsLow: without withDirectionality an explanation has all its members, with LOW and a strength of 0.
	UndirectedIsLow = true
)
