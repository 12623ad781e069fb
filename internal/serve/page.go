package serve

import (
	"bytes"
	"compress/gzip"
	"embed"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// The page at /docs is Swagger UI, which shows /openapi.json and sends requests
// from the browser. Its files are in the binary; page/vendor.sh fetches Swagger UI's.

//go:embed page/*.html page/*.css page/*.js page/vendor
var pageFiles embed.FS

// pagePolicy is the Content-Security-Policy of the page: nothing from elsewhere,
// no script but its own files, no frame around it. Swagger UI writes style
// attributes; data: is where its style sheet keeps pictures.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// asset is one file of the page.
type asset struct {
	files     fs.FS
	name      string // ends with .gz if the file is compressed
	mediaType string
}

// pageRoutes returns the routes of the page. Its links are relative, so that it
// works behind a proxy that adds a path prefix.
func pageRoutes() map[string]methods {
	routes := map[string]methods{}
	for path, file := range map[string]asset{
		"/docs":                      {pageFiles, "page/index.html", "text/html; charset=utf-8"},
		"/docs/page.css":             {pageFiles, "page/page.css", "text/css; charset=utf-8"},
		"/docs/page.js":              {pageFiles, "page/page.js", "text/javascript; charset=utf-8"},
		"/docs/swagger-ui.css":       {pageFiles, "page/vendor/swagger-ui.css.gz", "text/css; charset=utf-8"},
		"/docs/swagger-ui-bundle.js": {pageFiles, "page/vendor/swagger-ui-bundle.js.gz", "text/javascript; charset=utf-8"},
	} {
		routes[path] = methods{http.MethodGet: file}
	}
	return routes
}

// toPage leads from the root to the page, also behind a proxy that adds a path prefix.
func toPage(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Location", "docs")
	w.WriteHeader(http.StatusFound)
}

// ServeHTTP implements http.Handler.
func (f asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := fs.ReadFile(f.files, f.name)
	h := w.Header()
	if strings.HasSuffix(f.name, ".gz") && err == nil {
		h.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header) {
			h.Set("Content-Encoding", "gzip")
		} else {
			body, err = decompressed(body)
		}
	}
	if err != nil {
		writeFault(w, r, err)
		return
	}
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("Referrer-Policy", "no-referrer")
	writeBody(w, f.mediaType, http.StatusOK, body)
}

// acceptsGzip reads Accept-Encoding (RFC 9110 section 12.5.3). A weight of zero
// means not acceptable.
func acceptsGzip(h http.Header) bool {
	codings := strings.Split(strings.Join(h["Accept-Encoding"], ","), ",")
	return slices.ContainsFunc(codings, func(coding string) bool {
		name, parameter, _ := strings.Cut(coding, ";")
		weight, found := strings.CutPrefix(strings.ToLower(strings.TrimSpace(parameter)), "q=")
		q, err := strconv.ParseFloat(weight, 64)
		return strings.EqualFold(strings.TrimSpace(name), "gzip") && (!found || err == nil && q > 0)
	})
}

func decompressed(body []byte) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(reader)
}
