// Package jsonscan reads a few members of JSON objects that look alike, and
// only those.
//
//	shape learned from one record:   {"host":   ▒▒▒ ,"time":  ▒▒▒ ,"status":   ■ …
//	a record that follows it:        {"host":"10.0.0.1","time":"12:00","status":200,"agent":"…"}
//	                                                                       stops here ▲
//
// A shape is the bytes between the values, from the opening brace to the last
// wanted value. As long as a record repeats them, scanning is comparing tokens
// and stepping over values; a record that differs is read strictly, and becomes
// a new shape. Both ways give the same values and errors: the strict one is the
// definition, the other an acceleration.
//
// What is accepted, beyond the grammar of JSON:
//   - the first of several members with one name counts;
//   - strings may hold control characters and bytes that are no UTF-8;
//   - what follows the last wanted value is not looked at when the next closing
//     brace ends the record. Otherwise the rest is read strictly, because
//     another document may follow.
package jsonscan
