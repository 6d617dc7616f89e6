package delivery

import (
	"errors"
	"time"

	"github.com/millrace/millrace/internal/destination"
	"github.com/millrace/millrace/internal/record"
)

const (
	// tellAgain is after how long refusals with the same code are news again.
	tellAgain = time.Minute
	// maxTold bounds the codes that are remembered.
	maxTold = 100
)

// failing notes an attempt that failed. It is news when its code is another one
// than before (messages name the object), so that a long outage is one line and
// not thousands.
func (p *Pipeline) failing(f *flight, err error) {
	if !p.noteFailure(f, err) {
		return
	}
	if record.IsPermanent(err) {
		p.log.Error("delivery waits for a person", "batch", f.ID, "error", err)
	} else {
		p.log.Warn("delivery failed and is tried again", "batch", f.ID, "error", err)
	}
	p.options().diagnose(Diagnostic{Message: messageOf(err), ErrorCode: codeOf(err), Version: f.Version})
}

// refusing tells about records that went to the error output, each code once a
// minute.
func (p *Pipeline) refusing(opts Options, f *flight, refused []destination.Refusal) {
	counts := map[string]int{}
	for _, r := range refused {
		counts[r.Code]++
	}
	for _, r := range refused {
		n := counts[r.Code]
		if n == 0 || !p.news(r.Code) {
			continue
		}
		counts[r.Code] = 0
		p.log.Warn("records were refused and are in the error output", "batch", f.ID, "records", n, "code", r.Code, "message", r.Message)
		opts.diagnose(Diagnostic{Message: r.Message, ErrorCode: r.Code, Version: f.Version, Processor: r.LambdaARN})
	}
}

func (p *Pipeline) news(code string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if last, known := p.told[code]; known && now.Sub(last) < tellAgain {
		return false
	}
	if len(p.told) >= maxTold {
		clear(p.told)
	}
	p.told[code] = now
	return true
}

func (o Options) diagnose(d Diagnostic) {
	if o.Diagnose == nil {
		return
	}
	d.At, d.Destination = time.Now(), o.Target
	o.Diagnose(d)
}

// codeOf is the code of the *record.Failure in err, empty if there is none.
func codeOf(err error) string {
	var f *record.Failure
	if errors.As(err, &f) {
		return f.Code
	}
	return ""
}

// messageOf is the text of the *record.Failure in err, or of its innermost
// cause.
func messageOf(err error) string {
	var f *record.Failure
	if errors.As(err, &f) {
		return f.Message
	}
	for cause := errors.Unwrap(err); cause != nil; cause = errors.Unwrap(err) {
		err = cause
	}
	return err.Error()
}
