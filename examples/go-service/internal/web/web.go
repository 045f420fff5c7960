// SPDX-License-Identifier: Apache-2.0

// Package web is the service's HTTP face.
package web

import (
	"embed"
	"encoding/json"
	"errors"
	"html/template"
	"io/fs"
	"log"
	"net/http"
	"strings"

	"example.org/linkboard/internal/links"
	"example.org/linkboard/internal/metrics"
)

// The build's assets stage adds the style sheet to this folder; the page works without it.
//
//go:embed static
var static embed.FS

var page = template.Must(template.ParseFS(static, "static/index.html"))

const maxBody = 16 << 10

// Server answers requests from a store.
type Server struct {
	store   *links.Store
	metrics metrics.Registry
	version string
}

// New makes a server; version is shown on the page and in /healthz.
func New(store *links.Store, version string) *Server {
	return &Server{store: store, version: version}
}

// Handler returns everything the service serves.
func (s *Server) Handler() http.Handler {
	files, err := fs.Sub(static, "static")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	mux := http.NewServeMux()
	mux.Handle("/static/", http.StripPrefix("/static/", http.FileServer(http.FS(files))))
	mux.HandleFunc("/api/links", s.collection)
	mux.HandleFunc("/api/links/", s.item)
	mux.HandleFunc("/healthz", s.health)
	mux.HandleFunc("/metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		s.metrics.Write(w)
	})
	mux.HandleFunc("/", s.root)
	return s.metrics.Middleware(mux)
}

func (s *Server) root(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		fail(w, http.StatusMethodNotAllowed, "use GET")
		return
	}
	if name := strings.TrimPrefix(r.URL.Path, "/"); name != "" {
		target, err := s.store.Follow(name)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		http.Redirect(w, r, target, http.StatusFound)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'self'")
	data := struct {
		Version string
		Links   []links.Link
	}{s.version, s.store.All()}
	if err := page.Execute(w, data); err != nil {
		log.Printf("writing the page: %v", err)
	}
}

func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]string{"status": "ok", "version": s.version})
}

func (s *Server) collection(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
		answer(w, http.StatusOK, s.store.All())
	case http.MethodPost:
		var in struct{ Name, URL string }
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&in); err != nil {
			fail(w, http.StatusBadRequest, "body is not JSON: "+err.Error())
			return
		}
		link, err := s.store.Add(in.Name, in.URL)
		switch {
		case errors.Is(err, links.ErrTaken):
			fail(w, http.StatusConflict, err.Error())
		case err != nil:
			fail(w, http.StatusBadRequest, err.Error())
		default:
			answer(w, http.StatusCreated, link)
		}
	default:
		fail(w, http.StatusMethodNotAllowed, "use GET or POST")
	}
}

func (s *Server) item(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/api/links/")
	switch r.Method {
	case http.MethodGet:
		link, err := s.store.Get(name)
		if err != nil {
			fail(w, http.StatusNotFound, err.Error())
			return
		}
		answer(w, http.StatusOK, link)
	case http.MethodDelete:
		if err := s.store.Remove(name); errors.Is(err, links.ErrNotFound) {
			fail(w, http.StatusNotFound, err.Error())
		} else if err != nil {
			fail(w, http.StatusInternalServerError, err.Error())
		} else {
			w.WriteHeader(http.StatusNoContent)
		}
	default:
		fail(w, http.StatusMethodNotAllowed, "use GET or DELETE")
	}
}

func answer(w http.ResponseWriter, code int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	if err := json.NewEncoder(w).Encode(value); err != nil {
		log.Printf("writing an answer: %v", err)
	}
}

func fail(w http.ResponseWriter, code int, text string) {
	answer(w, code, map[string]string{"error": text})
}
