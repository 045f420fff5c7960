// SPDX-License-Identifier: Apache-2.0

// Package links keeps short names for links, in memory and, if asked, in a file.
package links

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"
)

var (
	// ErrNotFound says that no link has that name.
	ErrNotFound = errors.New("no such link")
	// ErrTaken says that the name is in use for another URL.
	ErrTaken = errors.New("name is taken")
)

// reserved names are paths of the service itself.
var reserved = map[string]bool{"api": true, "static": true, "healthz": true, "metrics": true}

// Link is one short name.
type Link struct {
	Name    string    `json:"name"`
	URL     string    `json:"url"`
	Hits    int       `json:"hits"`
	Created time.Time `json:"created"`
}

// Store is safe for concurrent use.
type Store struct {
	mu    sync.RWMutex
	links map[string]Link
	path  string
	now   func() time.Time
	next  int
}

// Open reads the links from path; an empty path keeps them in memory only.
func Open(path string) (*Store, error) {
	s := &Store{links: map[string]Link{}, path: path, now: time.Now}
	if path == "" {
		return s, nil
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	var all []Link
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, l := range all {
		s.links[l.Name] = l
	}
	return s, nil
}

// Add gives link a name; without one a short name is made. Adding the same pair again changes nothing.
func (s *Store) Add(name, target string) (Link, error) {
	if err := checkURL(target); err != nil {
		return Link{}, err
	}
	if name != "" {
		if err := checkName(name); err != nil {
			return Link{}, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if name == "" {
		name = s.freeName()
	}
	if old, ok := s.links[name]; ok {
		if old.URL == target {
			return old, nil
		}
		return Link{}, ErrTaken
	}
	link := Link{Name: name, URL: target, Created: s.now().UTC()}
	s.links[name] = link
	return link, s.save()
}

// Get returns a link without counting.
func (s *Store) Get(name string) (Link, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	link, ok := s.links[name]
	if !ok {
		return Link{}, ErrNotFound
	}
	return link, nil
}

// Follow returns a link's URL and counts the visit.
func (s *Store) Follow(name string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	link, ok := s.links[name]
	if !ok {
		return "", ErrNotFound
	}
	link.Hits++
	s.links[name] = link
	return link.URL, nil
}

// Remove deletes a link.
func (s *Store) Remove(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.links[name]; !ok {
		return ErrNotFound
	}
	delete(s.links, name)
	return s.save()
}

// All lists the links, most used first, then by name.
func (s *Store) All() []Link {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.sorted()
}

// Flush writes the counters, which change too often to be written at each visit.
func (s *Store) Flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.save()
}

func (s *Store) sorted() []Link {
	all := make([]Link, 0, len(s.links))
	for _, l := range s.links {
		all = append(all, l)
	}
	sort.Slice(all, func(i, j int) bool {
		if all[i].Hits != all[j].Hits {
			return all[i].Hits > all[j].Hits
		}
		return all[i].Name < all[j].Name
	})
	return all
}

// save replaces the file in one step, so that a crash leaves the old or the new one.
func (s *Store) save() error {
	if s.path == "" {
		return nil
	}
	data, err := json.MarshalIndent(s.sorted(), "", "  ")
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(s.path), ".links-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	if _, err := tmp.Write(data); err != nil {
		tmp.Close()
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), s.path)
}

func (s *Store) freeName() string {
	for {
		s.next++
		name := encode(s.next)
		if _, ok := s.links[name]; !ok && !reserved[name] {
			return name
		}
	}
}

// encode writes n with letters that cannot be mistaken for each other.
func encode(n int) string {
	const letters = "abcdefghjkmnpqrstuvwxyz23456789"
	var out []byte
	for ; n > 0; n /= len(letters) {
		out = append([]byte{letters[n%len(letters)]}, out...)
	}
	return string(out)
}

func checkName(name string) error {
	if len(name) > 64 {
		return errors.New("name is longer than 64 characters")
	}
	for _, r := range name {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", r) {
			return fmt.Errorf("name has %q: use letters, digits, - and _", r)
		}
	}
	if reserved[strings.ToLower(name)] {
		return fmt.Errorf("name %q belongs to the service", name)
	}
	return nil
}

func checkURL(target string) error {
	u, err := url.Parse(target)
	if err != nil {
		return errors.New("not a URL")
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("only http and https links are kept")
	}
	if u.Host == "" {
		return errors.New("URL has no host")
	}
	return nil
}
