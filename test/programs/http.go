// SPDX-License-Identifier: Apache-2.0
// net/http: GET gives the path back, POST the body's length and sum. It ends when it has answered a number of requests.
// Usage: http PORT REQUESTS
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
)

func failed(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	wanted, err := strconv.Atoi(os.Args[2])
	failed(err)
	var answered int64
	done := make(chan struct{})
	handle := func(answer http.ResponseWriter, request *http.Request) {
		switch request.Method {
		case http.MethodGet:
			fmt.Fprintf(answer, "you asked for %s\n", request.URL.Path)
		case http.MethodPost:
			body, err := io.ReadAll(request.Body)
			failed(err)
			sum := 0
			for _, value := range body {
				sum += int(value)
			}
			fmt.Fprintf(answer, "%d bytes, sum %d\n", len(body), sum)
		default:
			answer.WriteHeader(http.StatusNotImplemented)
			fmt.Fprint(answer, "0 bytes, sum 0\n")
		}
		if atomic.AddInt64(&answered, 1) == int64(wanted) {
			close(done)
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	failed(err)
	fmt.Println("listening")
	server := &http.Server{Handler: http.HandlerFunc(handle)}
	go server.Serve(listener)
	<-done
	failed(server.Shutdown(context.Background()))
	fmt.Println("answered", answered)
}
