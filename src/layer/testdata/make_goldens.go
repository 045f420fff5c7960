// SPDX-License-Identifier: Apache-2.0

// Writes tars with Go's archive/tar, in the way a layer writer drives it, for tar_writer_test.cc:
//
//	go run make_goldens.go DIRECTORY
//
// named.tar holds one entry per rule; lengths.sha256 is the digest of a tar of names of all lengths.
package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func entry(name string, kind byte, mode int64, seconds int64) *tar.Header {
	return &tar.Header{Name: name, Typeflag: kind, Mode: mode, ModTime: time.Unix(seconds, 0), Format: tar.FormatPAX}
}

func named(w *tar.Writer) {
	add := func(h *tar.Header, content string) {
		must(w.WriteHeader(h))
		_, err := w.Write([]byte(content))
		must(err)
	}
	h := entry("plain", tar.TypeReg, 0o644, 1700000000)
	h.Size = 6
	add(h, "hello\n")
	h = entry("etc/", tar.TypeDir, 0o1777, 1700000001)
	h.Uid, h.Gid = 1000, 50
	add(h, "")
	h = entry("etc/link", tar.TypeSymlink, 0o777, 5)
	h.Linkname = "../target"
	add(h, "")
	h = entry("etc/hard", tar.TypeLink, 0o644, 1700000000)
	h.Linkname = "plain"
	add(h, "")
	h = entry("dev/sda", tar.TypeBlock, 0o660, 7)
	h.Devmajor, h.Devminor = 8, 1048575
	add(h, "")
	h = entry("dev/null", tar.TypeChar, 0o666, 7)
	h.Devmajor, h.Devminor = 1, 3
	add(h, "")
	add(entry("run/fifo", tar.TypeFifo, 0o600, 7), "")
	h = entry("bin/ping", tar.TypeReg, 0o4755, 1700000000)
	h.PAXRecords = map[string]string{"SCHILY.xattr.security.capability": "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00"}
	h.Size = 3
	add(h, "elf")
	h = entry("etc/dir-with-attribute/", tar.TypeDir, 0o755, 9)
	h.PAXRecords = map[string]string{"SCHILY.xattr.security.b": "2", "SCHILY.xattr.security.a": ""}
	add(h, "")
	add(entry("caf\xc3\xa9/na\xc3\xafve.txt", tar.TypeReg, 0o644, 9), "")
	add(entry("bad-\xff\xfe-utf8", tar.TypeReg, 0o644, 9), "")
	h = entry("etc/long-link", tar.TypeSymlink, 0o777, 9)
	h.Linkname = strings.Repeat("t/", 60) + "end"
	add(h, "")
	h = entry("owner-beyond-octal", tar.TypeReg, 0o644, 9)
	h.Uid, h.Gid = 2097152, 4294967294
	add(h, "")
	add(entry("before-1970", tar.TypeReg, 0o644, -1), "")
	add(entry("after-2242", tar.TypeReg, 0o644, 8589934592), "")
	h = entry("fraction", tar.TypeReg, 0o644, 0)
	h.ModTime = time.Unix(1700000000, 123456000)
	add(h, "")
	h = entry("negative-fraction", tar.TypeReg, 0o644, 0)
	h.ModTime = time.Unix(-2, 750000000)
	add(h, "")
	h = entry("named-owner", tar.TypeReg, 0o644, 9)
	h.Uname, h.Gname = "caf\xc3\xa9", strings.Repeat("g", 40)
	add(h, "")
	h = entry(strings.Repeat("d/", 60)+"split-and-attribute", tar.TypeReg, 0o644, 9)
	h.PAXRecords = map[string]string{"SCHILY.xattr.security.capability": "x"}
	add(h, "")
	add(&tar.Header{Name: "etc/.wh.gone", Typeflag: tar.TypeReg, ModTime: time.Unix(0, 0), AccessTime: time.Unix(0, 0), ChangeTime: time.Unix(0, 0)}, "")
	h = entry("two-blocks", tar.TypeReg, 0o644, 9)
	h.Size = 513
	add(h, strings.Repeat("z", 513))
	must(w.Close())
}

func lengths(w *tar.Writer) {
	for step := 7; step <= 180; step += 13 {
		for length := 80; length <= 300; length++ {
			name := []byte(strings.Repeat("n", length))
			for i := step; i < length; i += step {
				name[i] = '/'
			}
			kind := byte(tar.TypeReg)
			if name[length-1] == '/' {
				kind = tar.TypeDir
			}
			must(w.WriteHeader(entry(string(name), kind, 0o644, 1)))
		}
	}
	must(w.Close())
}

func main() {
	directory := os.Args[1]
	var first, second bytes.Buffer
	named(tar.NewWriter(&first))
	must(os.WriteFile(filepath.Join(directory, "named.tar"), first.Bytes(), 0o644))
	lengths(tar.NewWriter(&second))
	text := fmt.Sprintf("sha256:%x\n", sha256.Sum256(second.Bytes()))
	must(os.WriteFile(filepath.Join(directory, "lengths.sha256"), []byte(text), 0o644))
}
