// Package forest is a random cut forest: it scores how far a record lies from those before it, as RANDOM_CUT_FOREST does.
//
// A random cut tree over a set of points is made by cutting their bounding box again and again: a side is chosen in
// proportion to its length, a place on it evenly, until every part holds one value.
//
//	│  a  b │      c     first cut at │, so c is a leaf of depth 1: far away points are cut off early
//	└───────┴────────
//
// A point that the tree has not seen would change it where a cut could part it from a whole box; the score is the expected
// reciprocal of the depth at which that happens. How points are put into a tree and taken out so that it stays as likely as
// one made from scratch is from Guha, Mishra, Roy, Schrijvers: Robust Random Cut Forest Based Anomaly Detection on Streams
// (ICML 2016); each tree's points are a weighted reservoir after Chao (1982).
//
// The score itself follows what Kinesis Data Analytics answered, see Forest.Push.
package forest
