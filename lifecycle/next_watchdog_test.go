package lifecycle

import "testing"

const (
	unbegun   = "the runner took a job and did not start it"
	absent    = "the runner was started again and does not come up"
	forgotten = "GitHub no longer knows the runner, which has not noticed"
)

func TestJobWithoutAWorker(t *testing.T) {
	suspected := after(busy(), Expired{WorkerBy}, Watched{}, Expired{WorkerBy}, Watched{})
	free := after(busyPersistent(), Expired{WorkerBy}, Watched{}, Expired{WorkerBy}, Watched{})
	tell(t, []story{
		{
			name: "there is one: nobody looks again", given: busy(),
			told: []turn{on(Expired{WorkerBy}, Running, Watch{}), on(Watched{Worker: true}, Running), on(Watched{}, Running)},
		},
		{
			name: "the job ends before anybody looks", given: after(busyPersistent(), JobEnded{}),
			told: []turn{on(Expired{WorkerBy}, Listening)},
		},
		{
			name: "there is none, twice, and GitHub says that it is a job: the listener is asked to hand it back", given: busy(),
			told: []turn{
				on(Expired{WorkerBy}, Running, Watch{}), on(Watched{}, Running, Arm{WorkerBy}),
				on(Expired{WorkerBy}, Running, Watch{}), on(Watched{}, Running, Probe{}),
				on(Probed{Occupied}, Cancelling, Interrupt{}, Arm{KillBy}),
				on(Ended{How: Finished}, Deregistering, Arm{ExitBy}, Deregister{}), on(Deregistered{Gone}, Exited),
			},
			exit: Exit{DeadRunner, unbegun},
		},
		{
			name: "and the listener does not even end when it is asked to", given: suspected,
			told: []turn{
				on(Probed{Occupied}, Cancelling, Interrupt{}, Arm{KillBy}), on(Expired{KillBy}, Cancelling, Kill{}, Arm{ExitBy}),
				on(Ended{How: Crashed}, Deregistering, Arm{ExitBy}, Deregister{}), on(Deregistered{Gone}, Exited),
			},
			exit: Exit{DeadRunner, unbegun},
		},
		{
			name: "and nobody can ask GitHub: the listener's word is all there is", given: suspected,
			told: []turn{on(Probed{Unasked}, Cancelling, Interrupt{}, Arm{KillBy})},
		},
		{
			name: "and GitHub has forgotten it", given: suspected,
			told: []turn{on(Probed{Missing}, Cancelling, Interrupt{}, Arm{KillBy})},
		},
		{
			name: "and GitHub does not answer: a runner that cannot reach it begins no job, and is looked at again", given: suspected,
			told: []turn{
				on(Probed{Unclear}, Running, Arm{WorkerBy}), on(Expired{WorkerBy}, Running, Watch{}),
				on(Watched{Worker: true}, Running),
			},
		},
		{
			name: "it was cancelled before it began, of which a persistent runner says nothing", given: free,
			told: []turn{on(Probed{Vacant}, Listening, settledIn...)},
		},
		{
			name: "an ephemeral one would have ended then", given: suspected,
			told: []turn{on(Probed{Vacant}, Cancelling, Interrupt{}, Arm{KillBy})},
		},
		{
			name: "the answer comes when the job has ended after all", given: suspected,
			told: []turn{on(JobEnded{}, Running, Arm{LingerBy}), on(Probed{Occupied}, Running)},
		},
		{
			name: "the next job is looked at on its own account", given: free,
			told: []turn{
				on(JobEnded{}, Listening, settledIn...), on(JobStarted{}, Running, atWork...), on(Probed{Occupied}, Running),
				on(Expired{WorkerBy}, Running, Watch{}), on(Watched{}, Running, Arm{WorkerBy}),
			},
		},
		{
			name: "while it is drained without a deadline", given: after(busy(), Leave{}, Fenced{Busy}),
			told: []turn{
				on(Expired{WorkerBy}, Draining, Watch{}), on(Watched{}, Draining, Arm{WorkerBy}),
				on(Expired{WorkerBy}, Draining, Watch{}), on(Watched{}, Draining, Probe{}),
				on(Probed{Occupied}, Cancelling, Interrupt{}, Arm{KillBy}),
				on(Ended{How: Finished}, Deregistering, Arm{ExitBy}, Deregister{}), on(Deregistered{Gone}, Exited),
			},
			exit: Exit{DeadRunner, unbegun},
		},
		{
			name: "the job comes with the fence", given: after(idle(), Stop{}),
			told: []turn{on(JobStarted{}, Draining, Disarm{FenceBy}, Arm{DrainBy}, Arm{WorkerBy}), on(Expired{WorkerBy}, Draining, Watch{})},
		},
	})
}

func TestIdleRunnerIsProbed(t *testing.T) {
	tell(t, []story{
		{
			name: "and stands", given: idle(),
			told: []turn{
				on(Expired{ProbeAt}, Listening, Probe{}), on(Probed{Vacant}, Listening, Arm{ProbeAt}),
				on(Expired{ProbeAt}, Listening, Probe{}), on(Probed{Unclear}, Listening, Arm{ProbeAt}),
				on(Expired{ProbeAt}, Listening, Probe{}), on(Probed{Unasked}, Listening, Arm{ProbeAt}),
				on(Expired{ProbeAt}, Listening, Probe{}), on(Probed{Occupied}, Listening, Arm{ProbeAt}),
			},
		},
		{
			name: "and GitHub has forgotten it: it leaves like every idle runner, fence included", given: idle(),
			told: append([]turn{
				on(Expired{ProbeAt}, Listening, Probe{}), on(Probed{Missing}, Stopping, Fence{}, Arm{FenceBy}),
				on(Fenced{Gone}, Stopping, Disarm{FenceBy}, Disarm{DrainBy}, Arm{Settled}),
			}, undisturbed...),
			exit: Exit{DeadRunner, forgotten},
		},
		{
			name: "and has a job by the time of the answer", given: after(idle(), Expired{ProbeAt}),
			told: []turn{on(JobStarted{}, Running, atWork...), on(Probed{Missing}, Running)},
		},
		{
			name: "and is on its way out by the time of the answer", given: after(idle(), Expired{ProbeAt}),
			told: []turn{on(Stop{}, Stopping, Fence{}, Arm{FenceBy}), on(Probed{Missing}, Stopping)},
		},
		{
			name: "and its listener wants to be restarted by the time of the answer", given: after(idle(), Expired{ProbeAt}),
			told: []turn{on(Ended{How: Updating}, Starting, AwaitUpdate{}), on(Probed{Missing}, Starting), on(Updated{}, Starting, Launch{}, Arm{ProbeAt})},
		},
		{
			name: "and is started again: nobody listens at the first look, then somebody does", given: restarted(),
			told: []turn{
				on(Expired{ProbeAt}, Starting, Probe{}), on(Probed{Offline}, Starting, Arm{ProbeAt}),
				on(Ready{}, Listening, append(settledIn, Arm{SteadyAt})...),
				on(Expired{ProbeAt}, Listening, Probe{}), on(Probed{Offline}, Listening, Arm{ProbeAt}),
				on(Expired{ProbeAt}, Listening, Probe{}), on(Probed{Offline}, Listening, Arm{ProbeAt}),
			},
		},
		{
			name: "and is started again: GitHub does not answer, which is no look", given: restarted(),
			told: []turn{
				on(Expired{ProbeAt}, Starting, Probe{}), on(Probed{Offline}, Starting, Arm{ProbeAt}),
				on(Expired{ProbeAt}, Starting, Probe{}), on(Probed{Unclear}, Starting, Arm{ProbeAt}),
				on(Expired{ProbeAt}, Starting, Probe{}), on(Probed{Offline}, Stopping, Fence{}, Arm{FenceBy}),
			},
		},
		{
			name: "and gets a new identity by the time of the answer", given: after(idle(), Expired{ProbeAt}),
			told: []turn{on(Ended{How: Conflict}, Registering, Cancel{}, Register{}, Arm{StartBy})},
		},
	})
}
