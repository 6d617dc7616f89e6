package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// static is the build of web/, committed so that Go alone builds the program;
// web/check-build.sh tells whether it is current.
//
//go:embed static
var static embed.FS

// pages serves the built files from memory. The routes are the browser's: each
// page's address gets the same HTML.
type pages struct {
	files map[string]*file // by path under static/
}

type file struct {
	contentType string
	etag        string
	plain       []byte
	gzipped     []byte
}

func loadPages() (*pages, error) {
	p := &pages{files: make(map[string]*file)}
	err := fs.WalkDir(static, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := static.ReadFile(name)
		if err != nil {
			return err
		}
		f, err := newFile(name, body)
		p.files[strings.TrimPrefix(name, "static/")] = f
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load pages: %w", err)
	}
	for _, name := range []string{"index.html", "signin.html"} {
		if p.files[name] == nil {
			return nil, fmt.Errorf("load pages: static/%s is not in the program", name)
		}
	}
	return p, nil
}

func newFile(name string, body []byte) (*file, error) {
	types := map[string]string{
		".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
		".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8",
	}
	contentType, ok := types[path.Ext(name)]
	if !ok {
		return nil, fmt.Errorf("%s: no content type is known for its extension", name)
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write(body); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	return &file{contentType: contentType, etag: `"` + hex.EncodeToString(sum[:16]) + `"`, plain: body, gzipped: zipped.Bytes()}, nil
}

func (p *pages) app(w http.ResponseWriter, r *http.Request) { p.files["index.html"].serve(w, r) }

// signIn answers 401 with a page that asks for the token.
func (p *pages) signIn(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusUnauthorized)
	w.Write(p.files["signin.html"].plain)
}

// asset serves scripts and styles. They hold no data, so they need no token:
// the page that asks for it uses them too.
func (p *pages) asset(w http.ResponseWriter, r *http.Request) {
	f := p.files[strings.TrimPrefix(r.URL.Path, "/")]
	if f == nil {
		problem(w, http.StatusNotFound, "no such file: "+r.URL.Path)
		return
	}
	f.serve(w, r)
}

// serve lets the browser keep the file and ask each time whether it changed.
func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", f.etag)
	h.Set("Vary", "Accept-Encoding")
	if r.Header.Get("If-None-Match") == f.etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := f.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = f.gzipped
	}
	w.Write(body)
}
