// SPDX-License-Identifier: Apache-2.0
package links

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func open(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAddMakesANameThatIsFree(t *testing.T) {
	s := open(t, "")
	first, err := s.Add("", "https://example.org/1")
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.Add("", "https://example.org/2")
	if err != nil {
		t.Fatal(err)
	}
	if first.Name == "" || first.Name == second.Name {
		t.Fatalf("names %q and %q", first.Name, second.Name)
	}
}

func TestAddRefusesWhatItCannotServe(t *testing.T) {
	s := open(t, "")
	for _, c := range []struct{ name, url string }{
		{"ok", "ftp://example.org"},
		{"ok", "javascript:alert(1)"},
		{"ok", "https://"},
		{"ok", "http://[::1"},
		{"with/slash", "https://example.org"},
		{"Healthz", "https://example.org"},
		{string(make([]byte, 65)), "https://example.org"},
	} {
		if _, err := s.Add(c.name, c.url); err == nil {
			t.Errorf("Add(%q, %q) succeeded", c.name, c.url)
		}
	}
	if len(s.All()) != 0 {
		t.Fatal("something was kept")
	}
}

func TestAddAgainIsFineForTheSameURLOnly(t *testing.T) {
	s := open(t, "")
	if _, err := s.Add("go", "https://go.dev"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Add("go", "https://go.dev"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Add("go", "https://example.org"); !errors.Is(err, ErrTaken) {
		t.Fatalf("got %v", err)
	}
}

func TestFollowCountsAndSorts(t *testing.T) {
	s := open(t, "")
	s.Add("a", "https://example.org/a")
	s.Add("b", "https://example.org/b")
	var wg sync.WaitGroup
	for i := 0; i < 20; i++ {
		wg.Add(1)
		go func() { defer wg.Done(); s.Follow("b") }()
	}
	wg.Wait()
	all := s.All()
	if all[0].Name != "b" || all[0].Hits != 20 {
		t.Fatalf("got %+v", all)
	}
	if _, err := s.Follow("c"); !errors.Is(err, ErrNotFound) {
		t.Fatalf("got %v", err)
	}
}

func TestLinksSurviveInTheirFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "links.json")
	s := open(t, path)
	s.Add("go", "https://go.dev")
	s.Follow("go")
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	link, err := open(t, path).Get("go")
	if err != nil || link.Hits != 1 {
		t.Fatalf("got %+v, %v", link, err)
	}
	if err := s.Remove("go"); err != nil {
		t.Fatal(err)
	}
	if len(open(t, path).All()) != 0 {
		t.Fatal("removed link came back")
	}
}

func TestABrokenFileIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "links.json")
	os.WriteFile(path, []byte("[{"), 0o600)
	if _, err := Open(path); err == nil {
		t.Fatal("opened")
	}
}
