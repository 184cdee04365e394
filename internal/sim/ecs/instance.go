package ecs

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Instance is the metadata service of an EC2 instance, in version 2 only. All methods are safe for concurrent use. Make it
// with NewInstance.
type Instance struct {
	mu      sync.Mutex
	items   map[string]string
	tokens  map[string]time.Time // until when each is good
	journal []string
	answer  *Answer
	far     bool
}

// Items that a container may ask for.
const (
	lifeCycleItem = "instance-life-cycle"
	actionItem    = "spot/instance-action"
	rebalanceItem = "events/recommendations/rebalance"
)

// NewInstance returns one with a life cycle: spot, or on-demand.
func NewInstance(lifeCycle string) *Instance {
	return &Instance{items: map[string]string{lifeCycleItem: lifeCycle}, tokens: map[string]time.Time{}}
}

// Interrupt has the notice say that the instance is taken back at a time: action is terminate, stop or hibernate.
func (i *Instance) Interrupt(action string, at time.Time) {
	text, _ := json.Marshal(map[string]string{"action": action, "time": at.UTC().Format(time.RFC3339)}) // strings only
	i.Set(actionItem, string(text))
}

// Rebalance recommends to move elsewhere.
func (i *Instance) Rebalance(since time.Time) {
	i.Set(rebalanceItem, `{"noticeTime":"`+since.UTC().Format(time.RFC3339)+`"}`)
}

// Set gives an item a text; none takes it away.
func (i *Instance) Set(item, text string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.items[item] = text; text == "" {
		delete(i.items, item)
	}
}

// Answer has every request answered otherwise, until it is nil.
func (i *Instance) Answer(a *Answer) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.answer = a
}

// Forget makes all tokens worthless.
func (i *Instance) Forget() {
	i.mu.Lock()
	defer i.mu.Unlock()
	clear(i.tokens)
}

// BeyondHops has the answer to a request for a token never arrive, as in a container behind a bridge with a hop limit of 1.
func (i *Instance) BeyondHops() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.far = true
}

// Journal returns what was asked for, in order: the items, and token.
func (i *Instance) Journal() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.journal)
}

// ServeHTTP answers one request.
func (i *Instance) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	item := strings.TrimPrefix(r.URL.Path, "/latest/meta-data/")
	if r.URL.Path == "/latest/api/token" {
		item = "token"
	}
	i.mu.Lock()
	i.journal = append(i.journal, item)
	answer, lost := i.answer, i.far && item == "token"
	i.mu.Unlock()
	switch {
	case answer != nil:
		answer.write(w, r)
	case lost:
		<-r.Context().Done()
	case item == "token":
		i.makeToken(w, r)
	default:
		i.show(w, r, item)
	}
}

func (i *Instance) makeToken(w http.ResponseWriter, r *http.Request) {
	const header = "X-Aws-Ec2-Metadata-Token-Ttl-Seconds"
	seconds, err := strconv.Atoi(r.Header.Get(header))
	if r.Method != http.MethodPut || err != nil || seconds < 1 || seconds > 21600 || r.Header.Get("X-Forwarded-For") != "" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	token := fmt.Sprintf("not-a-real-metadata-token-%d", len(i.journal))
	i.tokens[token] = time.Now().Add(time.Duration(seconds) * time.Second)
	w.Header().Set(header, strconv.Itoa(seconds))
	io.WriteString(w, token)
}

func (i *Instance) show(w http.ResponseWriter, r *http.Request, item string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	text, there := i.items[item]
	switch {
	case time.Now().After(i.tokens[r.Header.Get("X-Aws-Ec2-Metadata-Token")]):
		w.WriteHeader(http.StatusUnauthorized)
	case r.Method != http.MethodGet || !there:
		w.WriteHeader(http.StatusNotFound)
	default:
		io.WriteString(w, text)
	}
}
