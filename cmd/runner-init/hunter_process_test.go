package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// otherProcesses are all that the job sees besides itself.
func otherProcesses() (pids []int) {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		if pid, _ := strconv.Atoi(filepath.Base(dir)); pid != os.Getpid() {
			pids = append(pids, pid)
		}
	}
	return pids
}

// process looks into another process in every way that the kernel knows.
func (h *hunter) process(pid int) {
	dir := fmt.Sprintf("/proc/%d/", pid)
	for name, place := range map[string]string{"environ": inEnvironment, "cmdline": inArguments} {
		text, _ := os.ReadFile(dir + name)
		h.search(place, text, dir+name)
	}
	files, _ := filepath.Glob(dir + "fd/*")
	for _, file := range files {
		h.file(inDescriptor, file)
	}
	h.memory(pid, dir)
	ours := isOurs(pid)
	if h.steal(pid) && ours {
		fmt.Println("power pidfd_getfd")
	}
	if traces(pid) && ours {
		fmt.Println("power ptrace")
	}
	if writable(dir+"mem") && ours {
		fmt.Println("power mem")
	}
}

// isOurs tells PID 1 and the supervisor, its child that is no listener, from the runner's processes.
func isOurs(pid int) bool {
	name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	return pid == 1 || strings.TrimSpace(string(name)) == "supervisor"
}

// memory reads what is mapped, by the file and, where that is closed, by process_vm_readv(2) of where Go's heap begins.
func (h *hunter) memory(pid int, dir string) {
	maps, _ := os.ReadFile(dir + "maps")
	if mem, err := os.Open(dir + "mem"); err == nil {
		defer mem.Close()
		for line := range strings.Lines(string(maps)) {
			if begin, end, ok := readable(line); ok {
				h.stream(inMemory, mem, begin, end-begin, dir+"mem "+strings.TrimSpace(line))
			}
		}
	}
	for line := range strings.Lines(string(maps) + "c000000000-c000400000 rw-p 0 0 0\n") {
		if begin, end, ok := readable(line); ok {
			h.stream(inMemory, distant(pid), begin, end-begin, "process_vm_readv")
		}
	}
}

// readable reads a line of proc_pid_maps(5).
func readable(line string) (begin, end int64, ok bool) {
	fields := strings.Fields(line)
	if len(fields) < 2 || fields[1][0] != 'r' || strings.Contains(line, "[v") { // vvar, vsyscall
		return 0, 0, false
	}
	first, last, _ := strings.Cut(fields[0], "-")
	begin, err1 := strconv.ParseInt(first, 16, 64)
	end, err2 := strconv.ParseInt(last, 16, 64)
	return begin, end, errors.Join(err1, err2) == nil
}

// distant is the memory of another process, as process_vm_readv(2) shows it.
type distant int

func (d distant) ReadAt(into []byte, at int64) (int, error) {
	if len(into) == 0 {
		return 0, io.EOF
	}
	local := []unix.Iovec{{Base: &into[0], Len: uint64(len(into))}}
	return unix.ProcessVMReadv(int(d), local, []unix.RemoteIovec{{Base: uintptr(at), Len: len(into)}}, 0)
}

// steal takes the descriptors of a process for its own, see pidfd_getfd(2), and reports whether it could.
func (h *hunter) steal(pid int) (stolen bool) {
	process, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return false
	}
	defer unix.Close(process)
	for number := range 32 {
		fd, err := unix.PidfdGetfd(process, number, 0)
		if err != nil {
			continue
		}
		stolen = true
		f := os.NewFile(uintptr(fd), "stolen")
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() && info.Size() <= largestFile {
			h.stream(inDescriptor, f, 0, largestFile, "pidfd_getfd")
		}
		f.Close()
	}
	return stolen
}

// traces says whether ptrace(2) would let us: it is asked for a thread of ours, whose end gives the other one back.
func traces(pid int) bool {
	seized := make(chan bool)
	go func() {
		runtime.LockOSThread() // and never back: the tracer is the thread
		_, _, err := syscall.RawSyscall6(syscall.SYS_PTRACE, unix.PTRACE_SEIZE, uintptr(pid), 0, 0, 0, 0)
		seized <- err == 0
	}()
	return <-seized
}

func writable(path string) bool {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err == nil {
		f.Close()
	}
	return err == nil
}

// sockets asks everybody who listens under a name of ours what he says to nonsense.
func (h *hunter) sockets() {
	place, err := os.Readlink("/proc/self/ns/mnt")
	if err != nil {
		return
	}
	list, _ := os.ReadFile("/proc/net/unix")
	for line := range strings.Lines(string(list)) {
		at := strings.Index(line, "@runner-init/")
		if at < 0 || !strings.Contains(line, place) { // a neighbour's
			continue
		}
		name := strings.TrimSpace(line[at:])
		for _, kind := range []int{unix.SOCK_SEQPACKET, unix.SOCK_STREAM, unix.SOCK_DGRAM} {
			for _, order := range []string{"", "environ\n", "stop\n", "GET / HTTP/1.0\r\n\r\n", strings.Repeat("A", 1<<16)} {
				h.ask(kind, name, order)
			}
		}
	}
}

// ask gives an order, or just listens.
func (h *hunter) ask(kind int, name, order string) {
	fd, err := unix.Socket(unix.AF_UNIX, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 300_000})
	if unix.Connect(fd, &unix.SockaddrUnix{Name: name}) != nil {
		return
	}
	if order != "" {
		unix.SendmsgN(fd, []byte(order), nil, nil, unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT)
	}
	var answer bytes.Buffer
	for buffer := make([]byte, 1<<16); answer.Len() < largestFile; {
		n, err := unix.Read(fd, buffer)
		if n <= 0 || err != nil {
			break
		}
		answer.Write(buffer[:n])
	}
	if answer.Len() > 0 {
		fmt.Printf("answered %d bytes\n", answer.Len())
	}
	h.search(inSocket, answer.Bytes(), name)
}

// killSupervisor kills the process above the listener, if it may, and waits until another one has taken its place.
func (h *hunter) killSupervisor() {
	for _, pid := range otherProcesses() {
		if pid == 1 || !isOurs(pid) {
			continue
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			fmt.Println(err)
			return
		}
		for deadline := time.Now().Add(testTime); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
			for _, other := range otherProcesses() {
				if other > pid && isOurs(other) {
					fmt.Println("killed")
					return
				}
			}
		}
	}
}

// hidden is a process with the control in its environment, and so in its memory, and in a file that only it has open.
type hidden struct {
	command *exec.Cmd
	input   io.Closer // it waits for its end
}

// hide hides the control in every place where something of ours might lie, in a process that anybody may look into.
func (h *hunter) hide() (hidden, error) {
	secret := ""
	for _, m := range h.quarry {
		if m.Name == control {
			secret = string(disguise(m.Text))
		}
	}
	fd, err := unix.MemfdCreate("control", unix.MFD_CLOEXEC)
	if err != nil {
		return hidden{}, err
	}
	file := os.NewFile(uintptr(fd), "control")
	defer file.Close()
	if _, err := file.WriteString(secret); err != nil {
		return hidden{}, err
	}
	command := exec.Command("sh", "-c", "echo; read line", secret)
	command.Env, command.ExtraFiles = []string{"CONTROL=" + secret, "PATH=" + os.Getenv("PATH")}, []*os.File{file}
	in, inErr := command.StdinPipe()
	out, outErr := command.StdoutPipe()
	if err := errors.Join(inErr, outErr, command.Start()); err != nil {
		return hidden{}, err
	}
	_, err = out.Read(make([]byte, 1))
	return hidden{command, in}, err
}

func (h hidden) end() {
	h.input.Close()
	h.command.Wait()
}
