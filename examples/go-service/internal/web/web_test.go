// SPDX-License-Identifier: Apache-2.0
package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"example.org/linkboard/internal/links"
)

func server(t *testing.T) http.Handler {
	t.Helper()
	store, err := links.Open("")
	if err != nil {
		t.Fatal(err)
	}
	return New(store, "test").Handler()
}

func call(h http.Handler, method, path, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	return w
}

func TestALinkLivesAndDies(t *testing.T) {
	h := server(t)
	steps := []struct {
		method, path, body string
		code               int
		contains           string
	}{
		{"POST", "/api/links", `{"name":"go","url":"https://go.dev/"}`, 201, `"name":"go"`},
		{"POST", "/api/links", `{"name":"go","url":"https://example.org/"}`, 409, "taken"},
		{"POST", "/api/links", `{"name":"x","url":"file:///etc/passwd"}`, 400, "only http"},
		{"POST", "/api/links", `not json`, 400, "not JSON"},
		{"GET", "/go", "", 302, ""},
		{"GET", "/api/links/go", "", 200, `"hits":1`},
		{"GET", "/", "", 200, "go.dev"},
		{"PUT", "/api/links", "", 405, "GET or POST"},
		{"DELETE", "/api/links/go", "", 204, ""},
		{"GET", "/go", "", 404, ""},
		{"GET", "/healthz", "", 200, `"version":"test"`},
		{"GET", "/metrics", "", 200, `code="302"} 1`},
	}
	for _, s := range steps {
		w := call(h, s.method, s.path, s.body)
		if w.Code != s.code || !strings.Contains(w.Body.String(), s.contains) {
			t.Fatalf("%s %s: %d %s", s.method, s.path, w.Code, w.Body)
		}
	}
}

func TestThePageEscapesWhatPeopleSend(t *testing.T) {
	h := server(t)
	call(h, "POST", "/api/links", `{"name":"x","url":"https://example.org/\"><script>"}`)
	if body := call(h, "GET", "/", "").Body.String(); strings.Contains(body, "<script>") {
		t.Fatal(body)
	}
}

func TestAHugeBodyIsRefused(t *testing.T) {
	if w := call(server(t), "POST", "/api/links", `{"url":"`+strings.Repeat("x", 1<<20)+`"}`); w.Code != 400 {
		t.Fatalf("got %d", w.Code)
	}
}
