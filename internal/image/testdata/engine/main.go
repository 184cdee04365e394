// Command engine stands in the image for each of Docker's programs: it asks the daemon at the socket whether it is there,
// which is what a job with the real client does first.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"
)

const socket = "/var/run/docker.sock"

func main() {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}
	client := http.Client{Transport: &http.Transport{DialContext: dial}, Timeout: 10 * time.Second}
	resp, err := client.Get("http://docker/_ping")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("the daemon answers", resp.Status)
}
