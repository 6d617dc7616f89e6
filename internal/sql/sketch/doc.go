// Package sketch counts in bounded memory: how many different values there are, and which are the most frequent. Both are
// exact while there are few, and say how far they may be off when there are many.
package sketch
