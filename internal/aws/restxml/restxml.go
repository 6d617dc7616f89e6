// Package restxml writes errors as S3 does. S3's operations themselves are the
// archive's.
package restxml

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"strconv"

	"github.com/millrace/millrace/internal/aws/awserr"
)

// WriteError renders an error; the answer to a HEAD has its status alone.
func WriteError(w http.ResponseWriter, r *http.Request, requestID string, e *awserr.Error) {
	var b bytes.Buffer
	b.WriteString(xml.Header + "<Error>")
	for _, element := range [...]struct{ name, text string }{
		{"Code", e.Code}, {"Message", e.Message}, {"Resource", r.URL.Path}, {"RequestId", requestID},
	} {
		b.WriteString("<" + element.name + ">")
		_ = xml.EscapeText(&b, []byte(element.text)) // a Buffer takes every write
		b.WriteString("</" + element.name + ">")
	}
	b.WriteString("</Error>")
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	w.Header().Set("x-amz-request-id", requestID)
	w.WriteHeader(e.Status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(b.Bytes())
	}
}
