package github

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Queue puts a job into the queue.
func (s *Server) Queue(j Job) *JobRun {
	s.mu.Lock()
	defer s.mu.Unlock()
	run := &JobRun{Job: j, server: s, state: Queued, id: fmt.Sprintf("00000000-0000-4000-8000-%012d", len(s.jobs)+1)}
	s.jobs = append(s.jobs, run)
	s.touch()
	return run
}

// Jobs returns all jobs in order of arrival.
func (s *Server) Jobs() []*JobRun {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.jobs)
}

// assign gives the runner the oldest job that it may and can run, or none. The caller holds mu.
func (s *Server) assign(reg *registration) *JobRun {
	i := slices.IndexFunc(s.jobs, func(j *JobRun) bool {
		return j.state == Queued && reg.scope.serves(newScope(j.Scope)) && covers(reg.Labels, j.Labels)
	})
	if i < 0 {
		return nil
	}
	j := s.jobs[i]
	j.state, j.runner = Assigned, reg.Name
	j.lease = s.options.Now().Add(s.options.JobLease)
	reg.job = j
	s.touch()
	return j
}

// covers says whether have holds every wanted label, in whatever case.
func covers(have, want []string) bool {
	return !slices.ContainsFunc(want, func(w string) bool {
		return !slices.ContainsFunc(have, func(h string) bool { return strings.EqualFold(h, w) })
	})
}

// finish ends the job of a runner. An ephemeral runner has done its duty and is removed, unless the job was lost:
// nobody then told the server that the runner is done, and it stays as a ghost. The caller holds mu.
func (s *Server) finish(reg *registration, result Result) {
	reg.job.state, reg.job.result = Completed, result
	reg.job = nil
	if reg.Ephemeral {
		reg.spent = true
		if result != Lost {
			s.drop(reg)
		}
	}
	s.touch()
}

// settle does what the clock has done since anybody looked. The caller holds mu.
func (s *Server) settle() {
	now := s.options.Now()
	for _, reg := range s.runners {
		if reg.job != nil && !now.Before(reg.job.lease) {
			s.finish(reg, Lost)
		}
	}
}

// nextDeadline is how long until the clock alone changes something, 0 if it will not. The caller holds mu.
func (s *Server) nextDeadline() time.Duration {
	now, next := s.options.Now(), time.Duration(0)
	consider := func(at time.Time) {
		if d := at.Sub(now); d > 0 && (next == 0 || d < next) {
			next = d
		}
	}
	for _, reg := range s.runners {
		if reg.job != nil {
			consider(reg.job.lease)
		}
		if reg.session != nil && reg.session.polling == 0 {
			consider(reg.lastSeen.Add(s.options.OfflineAfter))
		}
	}
	return next
}
