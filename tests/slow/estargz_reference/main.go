// SPDX-License-Identifier: Apache-2.0

// Reads an eStargz blob with containerd's own library: main BLOB TOC-DIGEST. Every file is read through the table of
// contents, every chunk and every whole is compared with its digest.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/containerd/stargz-snapshotter/estargz"
	digest "github.com/opencontainers/go-digest"
)

type blob struct {
	reader   *estargz.Reader
	verifier estargz.TOCEntryVerifier
	files    int
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	file, err := os.Open(os.Args[1])
	must(err)
	status, err := file.Stat()
	must(err)
	reader, err := estargz.Open(io.NewSectionReader(file, 0, status.Size()))
	must(err)
	verifier, err := reader.VerifyTOC(digest.Digest(os.Args[2]))
	must(err)
	root, _ := reader.Lookup("")
	read := blob{reader: reader, verifier: verifier}
	read.directory(root, "")
	fmt.Printf("%d files verified\n", read.files)
}

func (b *blob) directory(directory *estargz.TOCEntry, path string) {
	directory.ForeachChild(func(name string, entry *estargz.TOCEntry) bool {
		switch entry.Type {
		case "dir":
			b.directory(entry, path+name+"/")
		case "reg":
			b.file(entry, path+name)
		}
		return true
	})
}

func (b *blob) file(entry *estargz.TOCEntry, path string) {
	b.files++
	if entry.Size == 0 {
		return
	}
	content, err := b.reader.OpenFile(path)
	must(err)
	for at := int64(0); at < entry.Size; {
		chunk, found := b.reader.ChunkEntryForOffset(path, at)
		if !found {
			must(fmt.Errorf("%s: no chunk at %d", path, at))
		}
		sum, err := b.verifier.Verifier(chunk)
		must(err)
		_, err = io.Copy(sum, io.NewSectionReader(content, chunk.ChunkOffset, chunk.ChunkSize))
		must(err)
		if !sum.Verified() {
			must(fmt.Errorf("%s: the chunk at %d is another one", path, at))
		}
		at += chunk.ChunkSize
	}
	whole, err := digest.FromReader(io.NewSectionReader(content, 0, entry.Size))
	must(err)
	if whole.String() != entry.Digest {
		must(fmt.Errorf("%s is %s, not %s", path, whole, entry.Digest))
	}
}
