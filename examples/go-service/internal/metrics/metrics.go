// SPDX-License-Identifier: Apache-2.0

// Package metrics counts requests and writes them in the text format that Prometheus reads.
package metrics

import (
	"fmt"
	"io"
	"net/http"
	"sort"
	"strconv"
	"sync"
	"time"
)

var bounds = []float64{0.001, 0.005, 0.025, 0.1, 0.5, 2.5}

type key struct{ method, code string }

// Registry is safe for concurrent use; its zero value is ready.
type Registry struct {
	mu       sync.Mutex
	requests map[key]int
	buckets  [7]int
	sum      float64
}

// Observe counts one answered request.
func (r *Registry) Observe(method string, code int, took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.requests == nil {
		r.requests = map[key]int{}
	}
	r.requests[key{method, strconv.Itoa(code)}]++
	seconds := took.Seconds()
	r.sum += seconds
	r.buckets[sort.SearchFloat64s(bounds, seconds)]++
}

// Write prints all metrics, in a fixed order.
func (r *Registry) Write(w io.Writer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	keys := make([]key, 0, len(r.requests))
	for k := range r.requests {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool {
		if keys[i].method != keys[j].method {
			return keys[i].method < keys[j].method
		}
		return keys[i].code < keys[j].code
	})
	fmt.Fprintln(w, "# TYPE linkboard_requests_total counter")
	for _, k := range keys {
		fmt.Fprintf(w, "linkboard_requests_total{method=%q,code=%q} %d\n", k.method, k.code, r.requests[k])
	}
	fmt.Fprintln(w, "# TYPE linkboard_request_seconds histogram")
	total := 0
	for i, bound := range bounds {
		total += r.buckets[i]
		fmt.Fprintf(w, "linkboard_request_seconds_bucket{le=\"%g\"} %d\n", bound, total)
	}
	total += r.buckets[len(bounds)]
	fmt.Fprintf(w, "linkboard_request_seconds_bucket{le=\"+Inf\"} %d\n", total)
	fmt.Fprintf(w, "linkboard_request_seconds_sum %g\nlinkboard_request_seconds_count %d\n", r.sum, total)
}

// Middleware observes every request that passes through next.
func (r *Registry) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		start := time.Now()
		recorder := &recorder{ResponseWriter: w, code: http.StatusOK}
		next.ServeHTTP(recorder, req)
		r.Observe(req.Method, recorder.code, time.Since(start))
	})
}

type recorder struct {
	http.ResponseWriter
	code int
}

func (r *recorder) WriteHeader(code int) {
	r.code = code
	r.ResponseWriter.WriteHeader(code)
}
