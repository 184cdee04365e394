package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/runner-init/runner-init/internal/sim/github"
	"github.com/runner-init/runner-init/lifecycle"
)

var (
	chaosLives = flag.Int("chaos.n", 300, "how many lives TestChaos plays in virtual time")
	chaosFrom  = flag.Uint64("chaos.from", 1, "the seed of the first one")
	chaosSeed  = flag.Uint64("chaos.seed", 0, "play the life of this seed alone, a hundred times, and tell it")
)

// maxTroubles is how many lives may fail before the rest is spared.
const maxTroubles = 10

// Lives in which everything may go wrong, at any time, by the loop, the registrar, the client, the judge and the report
// of the program: what is promised holds in each of them. A life is made of its seed: make chaos SEED=… plays it again.
func TestChaos(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // each life leaves everything it had behind
	key, text := newAppKey(t)
	if *chaosSeed != 0 {
		t.Log(write(*chaosSeed))
	}
	seeds := toPlay()
	var failed, played atomic.Int32
	var codes sync.Map
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		dir := t.TempDir()
		all.Go(func() {
			for seed := range seeds {
				if failed.Load() >= maxTroubles {
					continue
				}
				played.Add(1)
				code, trouble, tale := playSeed(t, seed, dir, func(p plot, dir string) (*scene, error) { return newScene(p, dir, key, text) })
				n, _ := codes.LoadOrStore(code, new(atomic.Int32))
				n.(*atomic.Int32).Add(1)
				if len(trouble) > 0 && failed.Add(1) <= maxTroubles {
					t.Errorf("make chaos SEED=%d:\n  %s\n%s", seed, strings.Join(trouble, "\n  "), tale)
				}
			}
		})
	}
	all.Wait()
	var ends []string
	codes.Range(func(code, n any) bool {
		ends = append(ends, fmt.Sprintf("%3d: %d", code, n.(*atomic.Int32).Load()))
		return true
	})
	slices.Sort(ends)
	t.Logf("%d lives; exit codes %s", played.Load(), strings.Join(ends, ", "))
}

// toPlay are the seeds, one after the other.
func toPlay() <-chan uint64 {
	seeds := make(chan uint64)
	go func() {
		defer close(seeds)
		if *chaosSeed != 0 {
			for range 100 {
				seeds <- *chaosSeed
			}
			return
		}
		for i := range uint64(*chaosLives) {
			seeds <- *chaosFrom + i
		}
	}()
	return seeds
}

// playSeed plays one life, and returns its exit code, what was wrong with it, and its tale if anything was.
func playSeed(t *testing.T, seed uint64, dir string, open func(plot, string) (*scene, error)) (code lifecycle.Code, trouble []string, tale string) {
	p := write(seed)
	var s *scene
	defer func() {
		if why := recover(); why != nil { // synctest's word for goroutines that are left
			trouble = append(trouble, fmt.Sprint(why))
		}
		if len(trouble) > 0 {
			tale = p.String()
			if s != nil {
				tale += "\n" + s.tale()
			}
		}
	}()
	os.Remove(filepath.Join(dir, "termination"))
	synctest.Test(t, func(t *testing.T) {
		var err error
		if s, err = open(p, dir); err != nil {
			trouble = []string{err.Error()}
			return
		}
		s.play()
		code, trouble = s.told.exit.Code, s.judge()
	})
	return code, trouble, tale
}

// tale is what happened, for people.
func (s *scene) tale() string {
	var b strings.Builder
	for _, e := range s.hub.Journal() {
		fmt.Fprintf(&b, "  %s +%v %s %s %d %s %s\n", e.Time.Format("02 15:04:05.000"), e.Took, e.Method, e.Path, e.Status, e.Credential, e.Job)
	}
	fmt.Fprintf(&b, "  stops %v, notices %v\n", s.told.stops, s.told.notices)
	for _, name := range slices.Sorted(maps.Keys(s.told.jobs)) {
		fmt.Fprintf(&b, "  job %s: %+v\n", name, *s.told.jobs[name])
	}
	return b.String() + s.log.String()
}

// judge says what is wrong with a life that has been played.
func (s *scene) judge() (wrong []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	object := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	exit := s.told.exit
	c := s.wiring.config
	left := s.hub.Runners()
	ours := c.Deregister && s.how != "ready-jit" && !(s.how == "ready-token" && s.disturbed()) // where the runner's word is all we have
	if len(left) > 0 && exit.Code != lifecycle.GhostLeft && ours {
		object("a registration is left, and the exit code is %d (%s): %+v", exit.Code, exit.Reason, left)
	}
	if s.told.exits != 1 {
		object("it ended %d times", s.told.exits)
	}
	if limit, why := s.limit(); s.told.ended.After(limit) {
		object("it ended at %v, %v after %s", s.told.ended, s.told.ended.Sub(limit), why)
	}
	s.judgeJobs(object)
	s.judgeReport(object)
	s.judgeRestraint(object)
	if s.calm && exit.Code != lifecycle.OK && !s.hasty() && !(s.how == "ready-token" && exit.Code == lifecycle.GhostLeft) {
		object("nothing went wrong, and the exit code is %d: %s", exit.Code, exit.Reason)
	}
	return wrong
}

// hasty reports whether the end left too little time for a job to wind up, or for a fence to be answered.
func (s *scene) hasty() bool {
	for _, part := range s.told.jobs {
		if !part.interrupted.IsZero() {
			return true
		}
	}
	return slices.ContainsFunc(s.told.notices, func(n notice) bool { return n.by.Sub(n.at) < 10*time.Second })
}

// limit is when everything has to be over.
func (s *scene) limit() (at time.Time, why string) {
	at = time.Now().Add(1000 * time.Hour)
	if len(s.told.stops) > 0 {
		at, why = s.told.stops[0].Add(s.grace()), "the grace period"
	}
	for _, n := range s.told.notices {
		if by := n.by; by.Before(at) {
			at, why = by, "the noticed end"
		}
	}
	return at, why
}

func (s *scene) grace() time.Duration { return s.wiring.config.StopTimeout }

// drained is what a job gets of a grace period, worked out once more: the judge does not take the program's word.
func drained(grace time.Duration) time.Duration { return grace - min(grace/2, 20*time.Second) }

// drain is until when a job may run on.
func (s *scene) drain() time.Time {
	at := time.Now().Add(1000 * time.Hour)
	sooner := func(t time.Time) {
		if t.Before(at) {
			at = t
		}
	}
	for i, stop := range s.told.stops {
		if i == 0 {
			sooner(stop.Add(drained(s.grace())))
		} else {
			sooner(stop)
		}
	}
	for _, n := range s.told.notices {
		sooner(n.at.Add(drained(min(max(n.by.Sub(n.at), time.Second), s.grace()))))
	}
	return at
}

// disturbed reports whether the runner and GitHub lost sight of each other, which is not ours to mend.
func (s *scene) disturbed() bool {
	return s.shift.Load() != 0 || slices.ContainsFunc(s.hub.Journal(), func(e github.Entry) bool {
		return e.Faulted && (strings.HasPrefix(e.Path, "/run/") || strings.HasPrefix(e.Path, "/broker/"))
	})
}

// judgeJobs: a job that its runner took, and that could end in time, has ended as it would have.
func (s *scene) judgeJobs(object func(string, ...any)) {
	if s.disturbed() {
		return
	}
	drain := s.drain()
	for _, job := range s.jobs {
		part := s.told.jobs[job.Name]
		if part == nil {
			if job.State() != github.Queued && s.told.deaths == 0 && !s.told.broken && job.Result() != github.Succeeded && !s.fenceLate(drain) {
				object("job %s was given to a runner on its way out: %s, %q", job.Name, job.State(), job.Result())
			}
			continue
		}
		ends := part.began.Add(part.work.length + 4*s.lag + 2*time.Second)
		if part.doomed || part.work.unbegun || !ends.Before(drain) {
			continue
		}
		if s.told.broken && !part.interrupted.IsZero() && !part.interrupted.After(part.began) {
			continue // it was on its way, and nobody could know
		}
		if job.Result() != part.work.result {
			object("job %s could have ended %q before %v, and is %s, %q", job.Name, part.work.result, drain, job.State(), job.Result())
		}
	}
}

// judgeRestraint: whatever happens, nothing is tried again in a hurry. What is asked longest is whether it still says busy.
func (s *scene) judgeRestraint(object func(string, ...any)) {
	const most = 2000
	ours := 0
	for _, e := range s.hub.Journal() {
		if kind, _, _ := strings.Cut(e.Credential, " "); kind != "runner" && kind != "job" {
			ours++
		}
	}
	if ours > most {
		object("%d requests of ours in one life", ours)
	}
	if len(s.told.hurries) > 0 {
		object("a listener was started again so soon after it had failed: %v", s.told.hurries)
	}
}

// fenceLate reports whether there was no time to shut the fence.
func (s *scene) fenceLate(drain time.Time) bool { return !s.told.ended.Before(drain) }

// judgeReport: one line says how it ended, and it is the last; the termination message says the same.
func (s *scene) judgeReport(object func(string, ...any)) {
	var line struct {
		Msg  string
		Code int
	}
	lines := bytes.Split(bytes.TrimSpace(s.log.Bytes()), []byte("\n"))
	reports := 0
	for _, text := range lines {
		if err := json.Unmarshal(text, &line); err != nil {
			object("the log has a line that is no JSON: %s", text)
		}
		if line.Msg == "exited" {
			reports++
		}
	}
	want := int(s.wiring.exitCode(s.told.exit))
	if reports != 1 || line.Msg != "exited" || line.Code != want {
		object("%d reports of the end, the last line is %q with code %d of %d", reports, line.Msg, line.Code, want)
	}
	var words lastWords
	text, err := os.ReadFile(filepath.Join(s.dir, "termination"))
	if err == nil {
		err = json.Unmarshal(text, &words)
	}
	if err != nil || bytes.Count(text, []byte("\n")) != 1 || words.ExitCode != want || words.Ghost != (s.told.exit.Code == lifecycle.GhostLeft) {
		object("the termination message is %q (%v)", text, err)
	}
}
