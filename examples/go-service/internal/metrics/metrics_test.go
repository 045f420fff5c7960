// SPDX-License-Identifier: Apache-2.0
package metrics

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func text(r *Registry) string {
	var b strings.Builder
	r.Write(&b)
	return b.String()
}

func TestBucketsAreCumulative(t *testing.T) {
	var r Registry
	r.Observe("GET", 200, 500*time.Microsecond)
	r.Observe("GET", 200, 50*time.Millisecond)
	r.Observe("POST", 400, 10*time.Second)
	got := text(&r)
	for _, line := range []string{
		`linkboard_requests_total{method="GET",code="200"} 2`,
		`linkboard_requests_total{method="POST",code="400"} 1`,
		`linkboard_request_seconds_bucket{le="0.001"} 1`,
		`linkboard_request_seconds_bucket{le="0.1"} 2`,
		`linkboard_request_seconds_bucket{le="2.5"} 2`,
		`linkboard_request_seconds_bucket{le="+Inf"} 3`,
		`linkboard_request_seconds_count 3`,
	} {
		if !strings.Contains(got, line+"\n") {
			t.Errorf("no line %s in\n%s", line, got)
		}
	}
}

func TestMiddlewareSeesTheCode(t *testing.T) {
	var r Registry
	h := r.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	if !strings.Contains(text(&r), `code="418"} 1`) {
		t.Fatal(text(&r))
	}
}
