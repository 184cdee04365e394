package health

import (
	"io"
	"log"
	"net/http"
	"time"
)

// Limits of the endpoints: nobody who asks slowly, or often, costs us more than this.
const (
	requestTime = 5 * time.Second  // for a request to arrive
	answerTime  = 10 * time.Second // for the answer to be taken, from the end of the request's header
	headerSize  = 8 << 10          // bytes
	connections = 32               // at a time; see few
)

// NewServer returns a server for /livez, /readyz and, as metrics writes it, /metrics. Each answer is for everybody, so
// nothing else is served, and nothing that is sent along is read.
func NewServer(s *State, metrics func(io.Writer)) *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) {
		now, status := s.examine(), http.StatusOK
		if now.stuck {
			status = http.StatusServiceUnavailable
		}
		plain(w, status, now.String())
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		now, status := s.examine(), http.StatusServiceUnavailable
		if now.ready {
			status = http.StatusOK
		}
		plain(w, status, now.String())
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		metrics(w)
	})
	server := &http.Server{
		Handler:     mux,
		ReadTimeout: requestTime, WriteTimeout: answerTime, MaxHeaderBytes: headerSize,
		ErrorLog: log.New(io.Discard, "", 0), // what strangers send is no news of ours
	}
	server.SetKeepAlivesEnabled(false) // who asks every few seconds needs no connection in between
	return server
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	io.WriteString(w, text+"\n")
}
