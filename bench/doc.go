// Package bench measures what the stages cost beside the plain Go way of doing
// the same work. README.md says how to run it and what came out.
//
//	go test -bench . ./bench/...      stages
//	go run ./bench/e2e                whole programs: ingest, the path to search, start-up, memory
//	go run ./bench/agent              the agent: CPU, memory, delay, size, beside a peer
//
// The currency is CPU time, not wall time: slices of a few milliseconds of
// every candidate take turns, each candidate's best slice counts, and beside it
// stands the same number in units of a calibration loop, so that figures of
// different machines and of noisy hours can be compared.
package bench
