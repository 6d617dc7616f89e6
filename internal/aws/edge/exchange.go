package edge

import (
	"errors"
	"net/http"
	"strings"

	"github.com/millrace/millrace/internal/aws/awserr"
	"github.com/millrace/millrace/internal/aws/call"
	"github.com/millrace/millrace/internal/aws/jsonrpc"
	"github.com/millrace/millrace/internal/aws/query"
	"github.com/millrace/millrace/internal/aws/restjson"
	"github.com/millrace/millrace/internal/aws/restxml"
	"github.com/millrace/millrace/internal/aws/sigv4"
)

// exchange is one request on its way to an operation.
type exchange struct {
	edge     *Edge
	w        *statusWriter
	r        *http.Request
	c        *call.Call
	protocol sigv4.Protocol
	body     guard // closed after the answer
}

func (x *exchange) serve() {
	x.body.watch(x.w, x.r)
	defer x.body.close()
	if !x.edge.hosts.allows(x.r.Host) {
		http.Error(x.w, "millrace does not serve the host "+clip(x.r.Host)+"; it serves localhost, loopback addresses and the allowed hosts of its configuration", http.StatusForbidden)
		return
	}
	if x.r.URL.Path == HealthPath && (x.r.Method == http.MethodGet || x.r.Method == http.MethodHead) {
		x.w.Header().Set("Content-Type", "application/json")
		_, _ = x.w.Write([]byte("{\"status\":\"ok\"}\n"))
		return
	}
	x.protocol = x.edge.protocol(x.r)
	if refusal := x.edge.admit(&x.body, x.r, x.protocol); refusal != nil {
		x.refuse(refusal)
		return
	}
	verified, err := x.verify()
	if err != nil {
		x.refuse(x.explain(err))
		return
	}
	defer verified.Release()
	x.c.Identity, x.c.Region, x.c.Service, x.c.Body = verified.Identity, verified.Scope.Region, verified.Scope.Service, verified.Body
	if refusal := x.route(verified); refusal != nil {
		x.refuse(refusal)
	}
}

// verify reads the body of all services but S3, and while it waits for it, the
// client may have to make room for another.
func (x *exchange) verify() (*sigv4.Verified, error) {
	if x.protocol != sigv4.S3 && !x.body.ended {
		x.body.client.waits(true)
		defer x.body.client.waits(false)
	}
	return x.edge.Verifier.Verify(x.r)
}

// protocol sees from the request's shape what its client speaks.
func (e *Edge) protocol(r *http.Request) sigv4.Protocol {
	if r.Header.Get("X-Amz-Target") != "" {
		return sigv4.JSON
	}
	for _, s := range e.REST {
		for _, prefix := range s.Prefixes {
			if strings.HasPrefix(r.URL.Path, prefix) {
				return sigv4.REST
			}
		}
	}
	if isForm(r) {
		return sigv4.Query
	}
	return sigv4.S3
}

// route finds the service; it must be the one that the signature is for.
func (x *exchange) route(v *sigv4.Verified) *awserr.Error {
	if (x.protocol == sigv4.S3) != (x.c.Service == "s3") {
		return x.wrongService("s3")
	}
	switch x.protocol {
	case sigv4.JSON:
		return x.routeJSON()
	case sigv4.Query:
		return x.routeQuery()
	case sigv4.REST:
		return x.routeREST()
	default:
		r := pathStyle(x.r, x.edge.hosts)
		if r != x.r && v.HostUnsigned {
			return (&sigv4.Error{Reason: sigv4.WrongSignature}).AWS(x.protocol)
		}
		x.edge.S3.Serve(x.w, r, x.c, v.Payload)
		return nil
	}
}

func (x *exchange) routeJSON() *awserr.Error {
	prefix, operation, _ := strings.Cut(x.r.Header.Get("X-Amz-Target"), ".")
	for _, s := range x.edge.JSON {
		if s.Prefix != prefix {
			continue
		}
		if s.Name != x.c.Service {
			return x.wrongService(s.Name)
		}
		x.c.Operation = operation
		x.w.whole = true
		s.Serve(x.w, x.r, x.c)
		return nil
	}
	x.c.Service = ""
	return awserr.New("UnknownOperationException", "millrace has no service %s", clip(prefix))
}

func (x *exchange) routeQuery() *awserr.Error {
	action, version := query.Action(x.c.Body)
	if action == "" {
		return awserr.New("MissingAction", "The request must contain the parameter Action.")
	}
	for _, s := range x.edge.Query {
		if s.Name == x.c.Service {
			x.c.Operation = action
			s.Serve(x.w, x.r, x.c)
			return nil
		}
	}
	unknown := x.c.Service
	x.c.Service = ""
	return awserr.New("InvalidAction", "millrace has no service %s: could not find operation %s for version %s", clip(unknown), clip(action), clip(version))
}

func (x *exchange) routeREST() *awserr.Error {
	for _, s := range x.edge.REST {
		for _, prefix := range s.Prefixes {
			if !strings.HasPrefix(x.r.URL.Path, prefix) {
				continue
			}
			if s.Name != x.c.Service {
				return x.wrongService(s.Name)
			}
			s.Serve(x.w, x.r, x.c)
			return nil
		}
	}
	panic("BUG: no REST service for " + x.r.URL.Path)
}

func (x *exchange) wrongService(want string) *awserr.Error {
	x.c.Service = ""
	return wrongService(want, x.protocol)
}

func wrongService(want string, p sigv4.Protocol) *awserr.Error {
	return (&sigv4.Error{Reason: sigv4.WrongScope, Detail: "Credential should be scoped to correct service: '" + want + "'. "}).AWS(p)
}

func (x *exchange) explain(err error) *awserr.Error {
	var refused *sigv4.Error
	var ours *awserr.Error // why the body could not be read
	if errors.As(err, &refused) && !errors.As(err, &ours) {
		return refused.AWS(x.protocol)
	}
	return awserr.From(err)
}

// refuse answers an error in the client's protocol.
func (x *exchange) refuse(e *awserr.Error) {
	x.body.linger()
	x.edge.Logger.Debug("request refused", "method", x.r.Method, "path", x.r.URL.Path, "code", e.Code, "message", e.Message, "request_id", x.c.RequestID, "error", e.Cause)
	switch x.protocol {
	case sigv4.JSON:
		jsonrpc.WriteError(x.w, x.c.RequestID, e)
	case sigv4.Query:
		query.WriteError(x.w, x.xmlns(), x.c.RequestID, e)
	case sigv4.REST:
		restjson.WriteError(x.w, x.c.RequestID, e)
	default:
		restxml.WriteError(x.w, x.r, x.c.RequestID, e)
	}
}

// xmlns is the namespace of the service that was asked, if it is known.
func (x *exchange) xmlns() string {
	for _, s := range x.edge.Query {
		if s.Name == x.c.Service {
			return s.XMLNS
		}
	}
	return "http://webservices.amazon.com/AWSFault/2005-15-09"
}

func clip(s string) string {
	if len(s) > 100 {
		return s[:100] + "…"
	}
	return s
}
