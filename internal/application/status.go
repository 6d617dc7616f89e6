package application

// Status is a picture of a running application. Counts are since the start.
type Status struct {
	Records, Bytes int64 // read from the input
	// MillisBehindLatest is how long the oldest record of the input that was not
	// read has waited, or how much later the newest one arrived than the newest
	// that was read, whichever is more.
	MillisBehindLatest int64
	// Bound is the time up to which windows are closed for sure, ms since the
	// epoch, and Step the number of the newest step with results.
	Bound int64
	Step  uint64
	// KPUs is always 1: an application runs on one core.
	KPUs int
	// Streams are those of the input and the in-application streams,
	// error_stream last.
	Streams []StreamStatus
	Errors  map[string]int64 // error rows by name
	// Processing is what the pre-processing function did; nil if there is none.
	Processing *ProcessingStatus
	Outputs    []OutputStatus // in the order of the Config
	// Waiting says what waits now, and for what; "" if nothing does.
	Waiting string
	// LastError is the newest trouble: why the run ended, what waits, or the
	// newest error row's message.
	LastError string
}

// OutputStatus is what went to one output.
type OutputStatus struct {
	Stream, ARN    string
	Records, Bytes int64 // committed with steps
	// Attempts to add them to a delivery stream, and how many succeeded.
	Attempts, Successes int64
	// Delivery is what the output's function took, and BacklogBytes what it has
	// yet to take; nil and 0 for a delivery stream.
	Delivery     *DeliveryStatus
	BacklogBytes int64
}

// Status may be called at any time.
func (a *Application) Status() Status {
	a.mu.Lock()
	p := a.progress
	a.mu.Unlock()
	s := Status{Records: p.records, Bytes: p.bytes, Bound: p.bound, Step: p.step, KPUs: 1, Waiting: a.waits.String()}
	for _, in := range a.inputs {
		s.Streams = append(s.Streams, in.status())
	}
	for _, st := range a.plan.streams {
		s.Streams = append(s.Streams, a.sink.streams[st.Name].watch.status())
	}
	s.Outputs = a.outputs()
	s.Errors, s.LastError = a.sink.failures()
	if s.Waiting != "" {
		s.LastError = s.Waiting
	}
	if p.err != nil {
		s.LastError = p.err.Error()
	}
	oldest := int64(0)
	if a.processor != nil {
		oldest = a.processor.status(&s)
	}
	s.MillisBehindLatest = a.behind(p, oldest)
	return s
}

// behind is how far the run is behind its input.
func (a *Application) behind(p progress, oldest int64) (ms int64) {
	e := a.opts.Journal.Extent(a.input)
	if e.Next <= p.input {
		return 0
	}
	if p.arrival > 0 {
		ms = max(e.Arrival-p.arrival, 0)
	}
	if oldest > 0 {
		ms = max(ms, a.opts.Now().UnixMilli()-oldest)
	}
	return ms
}

func (a *Application) outputs() (all []OutputStatus) {
	for _, out := range a.sink.pending {
		s := out.counts.status()
		s.Stream, s.ARN = out.Stream, out.ARN
		if out.Kind == ToFunction {
			c := out.function.status()
			s.Delivery, s.BacklogBytes = &c, out.function.backlog()
		}
		all = append(all, s)
	}
	return all
}
