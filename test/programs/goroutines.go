// SPDX-License-Identifier: Apache-2.0
// Goroutines on several threads, channels, select, timers, a mutex, garbage that is collected, a panic that is caught.
package main

import (
	"fmt"
	"os"
	"runtime"
	"sort"
	"sync"
	"time"
)

// sum adds what the workers send: each allocates, so that the collector runs while they do.
func sum(workers int) int {
	var group sync.WaitGroup
	results := make(chan int)
	for i := 0; i < workers; i++ {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			held := make([][]byte, 0, 64)
			for j := 0; j < 2000; j++ {
				held = append(held[:j%64], make([]byte, 1024))
				held[len(held)-1][j%1024] = byte(i)
			}
			results <- i * len(held)
		}(i)
	}
	go func() {
		group.Wait()
		close(results)
	}()
	total := 0
	for value := range results {
		total += value
	}
	return total
}

// relay sends numbers through a chain of goroutines, each of which adds one.
func relay(length, count int) int {
	first := make(chan int)
	last := first
	for i := 0; i < length; i++ {
		next := make(chan int)
		go func(from, to chan int) {
			for value := range from {
				to <- value + 1
			}
			close(to)
		}(last, next)
		last = next
	}
	go func() {
		for i := 0; i < count; i++ {
			first <- i
		}
		close(first)
	}()
	total := 0
	for value := range last {
		total += value
	}
	return total
}

func caught() (what interface{}) {
	defer func() { what = recover() }()
	var nothing *int
	return *nothing
}

func main() {
	runtime.GOMAXPROCS(4)
	fmt.Println("sum", sum(8))
	fmt.Println("relay", relay(100, 100))

	var lock sync.Mutex
	order := []int{}
	var group sync.WaitGroup
	for _, delay := range []int{900, 100, 500} {
		group.Add(1)
		go func(delay int) {
			defer group.Done()
			<-time.After(time.Duration(delay) * time.Millisecond)
			lock.Lock()
			order = append(order, delay)
			lock.Unlock()
		}(delay)
	}
	group.Wait()
	fmt.Println("timers", len(order), sort.IntsAreSorted(order))

	select {
	case <-make(chan int):
		fmt.Println("never")
	case <-time.After(5 * time.Millisecond):
		fmt.Println("timeout")
	}

	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	fmt.Println("collected", stats.NumGC > 0, stats.Frees > 10000)
	fmt.Println("caught", caught())
	fmt.Println(os.Args[1:], os.Getenv("K"))
	os.Exit(3)
}
