// SPDX-License-Identifier: Apache-2.0

// Linkboard gives short names to links. See README.md.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"example.org/linkboard/internal/links"
	"example.org/linkboard/internal/web"
)

// version is set by the linker.
var version = "dev"

const usage = `usage: linkboard serve [--listen ADDRESS] [--data FILE]
       linkboard healthcheck [--url URL]
       linkboard version
`

func main() {
	log.SetFlags(0)
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	var err error
	switch os.Args[1] {
	case "serve":
		err = serve(os.Args[2:])
	case "healthcheck":
		err = healthcheck(os.Args[2:])
	case "version":
		fmt.Println("linkboard", version)
	default:
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	if err != nil {
		log.Fatalf("linkboard: %v", err)
	}
}

func serve(args []string) error {
	flags := flag.NewFlagSet("serve", flag.ExitOnError)
	listen := flags.String("listen", ":8080", "address to serve on")
	data := flags.String("data", "", "file that keeps the links; none: memory only")
	flags.Parse(args)

	store, err := links.Open(*data)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           web.New(store, version).Handler(),
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       time.Minute,
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	log.Printf("linkboard %s serves on %s as uid %d", version, listener.Addr(), os.Getuid())

	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	log.Print("stopping")
	grace, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return err
	}
	return store.Flush()
}

// healthcheck is what the image's HEALTHCHECK runs: there is no curl in an empty image.
func healthcheck(args []string) error {
	flags := flag.NewFlagSet("healthcheck", flag.ExitOnError)
	url := flags.String("url", "http://127.0.0.1:8080/healthz", "address to ask")
	flags.Parse(args)
	client := http.Client{Timeout: 2 * time.Second}
	answer, err := client.Get(*url)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1024))
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", *url, answer.Status)
	}
	os.Stdout.Write(body)
	return nil
}
