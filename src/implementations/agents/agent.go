// Package syscall's Mkfifo, or Mknod and Mknodat, as an agent of fifofuzz (see ../README.md).
// Usage: agent-go [mkfifo|mknod]
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// A request's numbers, and what it returns: a descriptor or 0.
type request func(numbers []int, path string) (int, error)

func mkfifo(numbers []int, path string) (int, error) {
	return 0, syscall.Mkfifo(path, uint32(numbers[0]))
}

func mknod(numbers []int, path string) (int, error) {
	return 0, syscall.Mknod(path, syscall.S_IFIFO|uint32(numbers[0]), 0)
}

func mknodat(numbers []int, path string) (int, error) {
	return 0, syscall.Mknodat(numbers[0], path, syscall.S_IFIFO|uint32(numbers[1]), 0)
}

func umask(numbers []int, _ string) (int, error) {
	syscall.Umask(numbers[0])
	return 0, nil
}

func chdir(_ []int, path string) (int, error) {
	return 0, syscall.Chdir(path)
}

func open(numbers []int, path string) (int, error) {
	return syscall.Open(path, numbers[0], 0)
}

func dup(numbers []int, _ string) (int, error) {
	number, _, failed := syscall.Syscall(syscall.SYS_FCNTL, uintptr(numbers[0]),
		syscall.F_DUPFD_CLOEXEC, uintptr(numbers[1]))
	if failed != 0 {
		return -1, failed
	}
	return int(number), nil
}

func closeDescriptor(numbers []int, _ string) (int, error) {
	return 0, syscall.Close(numbers[0])
}

var requests = map[string]request{"mkfifo": mkfifo, "umask": umask, "chdir": chdir,
	"open": open, "dup": dup, "close": closeDescriptor}

func answer(result int, err error) string {
	if err == nil {
		return strconv.Itoa(result)
	}
	if number, ok := err.(syscall.Errno); ok {
		return fmt.Sprintf("-1 %d", int(number))
	}
	return fmt.Sprintf("raised %T", err)
}

func serve(in *bufio.Reader, words []string) string {
	numbers := make([]int, len(words)-1)
	for i := range numbers {
		numbers[i], _ = strconv.Atoi(words[i+1])
	}
	var path []byte
	switch words[0] {
	case "mkfifo", "mkfifoat", "chdir", "open":
		path = make([]byte, numbers[len(numbers)-1])
		io.ReadFull(in, path)
	}
	return answer(requests[words[0]](numbers, string(path)))
}

func main() {
	runtime.LockOSThread() // who the caller may be and what it may do is a thread's own
	able := "mkfifo open counted limits"
	if len(os.Args) > 1 && os.Args[1] == "mknod" {
		able = "mkfifo mkfifoat open counted limits"
		requests["mkfifo"], requests["mkfifoat"] = mknod, mknodat
	}
	fmt.Printf("fifofuzz-agent 1 %d %s\n", os.Getpid(), able)
	in := bufio.NewReader(os.Stdin)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		fmt.Println(serve(in, strings.Fields(line)))
	}
}
