// Command engine stands in the image for each of Docker's programs: it asks the daemon at the socket whether it is there,
// which is what a job with the real client does first. Called dockerd and told where, it is that daemon, and answers.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	socket, group := "/var/run/docker.sock", ""
	for _, arg := range append([]string{"--host=" + os.Getenv("DOCKER_HOST")}, os.Args[1:]...) {
		if at, ok := strings.CutPrefix(arg, "--host=unix://"); ok {
			socket = at
		}
		if gid, ok := strings.CutPrefix(arg, "--group="); ok {
			group = gid
		}
	}
	work := ask
	if filepath.Base(os.Args[0]) == "dockerd" && group != "" {
		work = func(socket string) error { return serve(socket, group) }
	}
	if err := work(socket); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func ask(socket string) error {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}
	client := http.Client{Transport: &http.Transport{DialContext: dial}, Timeout: 10 * time.Second}
	resp, err := client.Get("http://docker/_ping")
	if err != nil {
		return err
	}
	fmt.Println("the daemon answers", resp.Status)
	return nil
}

// serve answers everything with 200, those of the group and root only, until it is to stop.
func serve(socket, group string) error {
	gid, err := strconv.Atoi(group)
	if err != nil {
		return err
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	if err := os.Chown(socket, 0, gid); err != nil {
		return err
	}
	if err := os.Chmod(socket, 0o660); err != nil {
		return err
	}
	go http.Serve(l, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	<-stop
	return nil
}
