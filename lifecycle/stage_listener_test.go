package lifecycle

import (
	"cmp"
	"errors"
	"time"
)

// Launch starts the listener of the stage: a goroutine that lives until it ends by itself, is interrupted or is killed.
func (s *stage) Launch(tell func(Event)) error {
	s.note("launch")
	if s.failLaunch {
		s.take(s.world, second)
		return errors.New("cannot execute")
	}
	ending, early := Finished, len(s.endings) > 0
	if early {
		ending, s.endings = s.endings[0], s.endings[1:]
	}
	orders := make(chan Action, 4)
	if s.session != nil {
		s.session <- replaced{}
		s.connect = cmp.Or(s.reconnect, s.connect)
	}
	s.set(func() { s.session, s.online = orders, false })
	go func() {
		switch {
		case early:
			s.take(s.world, s.connect)
			tell(Ended{How: ending})
		default:
			s.listen(tell, orders)
		}
	}()
	return nil
}

// listen is a listener's life once it runs.
func (s *stage) listen(tell func(Event), orders <-chan Action) {
	connected := timer(s.connect)
	for {
		select {
		case <-connected:
			s.set(func() { s.online = true })
			tell(Ready{})
		case a := <-orders:
			switch {
			case a == replaced{}:
				return
			case a == Kill{}:
				tell(Ended{How: Crashed})
				return
			case a == Interrupt{} && !s.stubborn, a == done{}:
				s.take(s.world, s.end)
				s.set(s.report)
				tell(Ended{How: Finished})
				return
			}
		}
	}
}

// report tells GitHub of a job that was cancelled, and it forgets an ephemeral runner then.
func (s *stage) report() {
	if s.busy {
		s.busy, s.worker, s.standing = false, false, s.standing && s.persistent
	}
}

// timer returns a channel that stays silent for ever if d is negative.
func timer(d time.Duration) <-chan time.Time {
	if d < 0 {
		return nil
	}
	return time.After(d)
}

// replaced ends a listener of whose end the loop was told by somebody else.
type replaced struct{ Action }

// done tells an ephemeral listener of the stage that its job has ended.
type done struct{ Action }

// assign gives the runner a job, as GitHub does: on the server first, and the listener hears of it a little later.
func (s *stage) assign(j job) {
	free := false
	s.set(func() {
		if free = s.standing && !s.busy && s.session != nil; free {
			s.busy = true
		}
	})
	if !free {
		return
	}
	s.note("job")
	s.take(s.world, toLine)
	s.loop.Tell(JobStarted{})
	if s.is(func() bool { return s.idler }) {
		return
	}
	s.take(s.world, toWorker)
	s.set(func() { s.worker = true })
	if s.take(s.world, j.takes-toWorker) != nil {
		return // the play is over, and the job was not done in it
	}
	s.set(func() { s.busy, s.worker, s.standing = false, false, s.standing && s.persistent })
	if s.is(func() bool { return s.lost }) {
		return
	}
	s.note("job done")
	s.loop.Tell(JobEnded{})
	if !s.persistent {
		s.session <- done{}
	}
}

func (s *stage) Working() bool {
	s.note("working?")
	return s.is(func() bool { return s.worker })
}

func (s *stage) Interrupt() { s.order("interrupt", Interrupt{}) }

func (s *stage) Kill() { s.order("kill", Kill{}) }

func (s *stage) order(name string, a Action) {
	s.note("%s", name)
	s.set(func() { s.lost = s.lost || s.busy })
	s.session <- a
}
