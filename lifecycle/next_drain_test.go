package lifecycle

import "testing"

func TestStopWhileBusy(t *testing.T) {
	asked := on(Stop{}, Draining, Disarm{FenceBy}, Arm{DrainBy}, Fence{})
	cancelled := on(Expired{DrainBy}, Cancelling, Interrupt{}, Arm{KillBy})
	tell(t, []story{
		{
			name: "the job ends in time", given: busy(),
			told: []turn{
				asked,
				on(Fenced{Busy}, Draining),
				on(JobEnded{}, Draining, Arm{LingerBy}),
				on(Ended{How: Finished}, Deregistering, Arm{ExitBy}, Deregister{}),
				on(Deregistered{Gone}, Exited),
			},
		},
		{
			name: "the job's time is up: it is cancelled, which is not a failure", given: busy(),
			told: []turn{
				asked,
				on(Fenced{Busy}, Draining),
				cancelled,
				on(JobEnded{}, Cancelling),
				on(Ended{How: Finished}, Deregistering, Arm{ExitBy}, Deregister{}),
				on(Deregistered{Gone}, Exited),
			},
		},
		{
			name: "a job that cannot be cancelled is killed, and lost", given: busy(),
			told: []turn{
				asked,
				on(Fenced{Busy}, Draining),
				cancelled,
				on(Expired{KillBy}, Cancelling, Kill{}, Arm{ExitBy}),
				on(Ended{How: Crashed}, Deregistering, Arm{ExitBy}, Deregister{}),
				on(Deregistered{Gone}, Exited),
			},
			exit: Exit{RunnerFailed, "the job was lost: it did not end in time after it was cancelled"},
		},
		{
			name: "GitHub has the last word, and what it leaves behind counts for more than a lost job", given: busy(),
			told: []turn{
				asked,
				on(Fenced{Busy}, Draining),
				cancelled,
				on(Expired{KillBy}, Cancelling, Kill{}, Arm{ExitBy}),
				on(Ended{How: Crashed}, Deregistering, Arm{ExitBy}, Deregister{}),
				on(Deregistered{Busy}, Exited),
			},
			exit: Exit{GhostLeft, "the job was lost: it did not end in time after it was cancelled; a registration may be left on GitHub"},
		},
		{
			name: "the second signal cancels the job, the third kills, a fourth does it again", given: busy(),
			told: []turn{
				asked,
				on(Stop{}, Cancelling, Interrupt{}, Arm{KillBy}),
				on(Stop{}, Cancelling, Kill{}, Arm{ExitBy}),
				on(Stop{}, Cancelling, Kill{}, Arm{ExitBy}),
				on(Fenced{Busy}, Cancelling),
				on(Ended{How: Crashed}, Deregistering, Arm{ExitBy}, Deregister{}),
				on(Deregistered{Gone}, Exited),
			},
			exit: Exit{RunnerFailed, "the job was lost: killed by the third stop signal"},
		},
		{
			name: "a listener that crashes takes its job with it", given: busy(),
			told: []turn{
				asked,
				on(Fenced{Busy}, Draining),
				on(Ended{How: Crashed}, Deregistering, Arm{ExitBy}, Deregister{}),
				on(Deregistered{Gone}, Exited),
			},
			exit: Exit{RunnerFailed, "the job was lost: the listener failed"},
		},
		{
			name: "so does one that gives up, or that asks to be restarted", given: busy(),
			told: []turn{
				asked,
				on(Fenced{Busy}, Draining),
				on(Ended{How: Retryable}, Deregistering, Arm{ExitBy}, Deregister{}),
				on(Deregistered{Gone}, Exited),
			},
			exit: Exit{RunnerFailed, "the job was lost: the listener failed"},
		},
		{
			name: "the job has just ended: nothing is fenced, the listener ends by itself", given: after(busy(), JobEnded{}),
			told: []turn{
				on(Stop{}, Draining, Disarm{FenceBy}, Arm{DrainBy}),
				on(Ended{How: Finished}, Deregistering, Arm{ExitBy}, Deregister{}),
			},
		},
		{
			name: "a listener that stays on after its one job is interrupted", given: after(busy(), JobEnded{}),
			told: []turn{
				on(Expired{LingerBy}, Stopping, Interrupt{}, Arm{KillBy}),
				on(Ended{How: Finished}, Deregistering, Arm{ExitBy}, Deregister{}),
				on(Deregistered{Gone}, Exited),
			},
		},
		{
			name: "a persistent runner is fenced again after its last job", given: busyPersistent(),
			told: []turn{
				asked,
				on(Fenced{Busy}, Draining),
				on(JobEnded{}, Stopping, Fence{}, Arm{FenceBy}),
				on(Fenced{Gone}, Stopping, Disarm{FenceBy}, Disarm{DrainBy}, Arm{Settled}),
				on(Expired{Settled}, Stopping, Look{}),
				on(Looked{}, Stopping, Interrupt{}, Arm{KillBy}),
				on(Ended{How: Finished}, Exited),
			},
		},
		{
			name: "a persistent runner that GitHub forgot mid-job ends after it without asking again", given: busyPersistent(),
			told: []turn{
				asked,
				on(Fenced{Gone}, Draining),
				on(JobEnded{}, Stopping, Look{}),
				on(Looked{}, Stopping, Interrupt{}, Arm{KillBy}),
				on(Ended{How: Finished}, Exited),
			},
		},
	})
}

func TestLeave(t *testing.T) {
	tell(t, []story{
		{
			name: "an idle runner leaves as if it were stopped", given: idle(),
			told: []turn{
				on(Leave{}, Stopping, Fence{}, Arm{FenceBy}),
				on(Leave{}, Stopping),
				on(Fenced{Gone}, Stopping, Disarm{FenceBy}, Disarm{DrainBy}, Arm{Settled}),
			},
		},
		{
			name: "a job runs on for as long as it takes", given: busy(),
			told: []turn{
				on(Leave{}, Draining, Disarm{FenceBy}, Fence{}),
				on(Fenced{Busy}, Draining),
				on(JobEnded{}, Draining, Arm{LingerBy}),
				on(Ended{How: Finished}, Deregistering, Arm{ExitBy}, Deregister{}),
			},
		},
		{
			name: "a stop that comes later sets the limit", given: after(busy(), Leave{}),
			told: []turn{
				on(Stop{}, Draining, Arm{DrainBy}),
				on(Stop{}, Cancelling, Interrupt{}, Arm{KillBy}),
				on(Stop{}, Cancelling, Kill{}, Arm{ExitBy}),
			},
		},
		{
			name: "a stop that comes during the fence sets its limit", given: after(idle(), Leave{}),
			told: []turn{on(Stop{}, Stopping, Arm{FenceBy})},
		},
		{
			name: "a stop that comes after the interrupt sets the limit of that", given: after(idle(), Leave{}, Fenced{Kept}, Looked{}),
			told: []turn{on(Stop{}, Stopping, Arm{KillBy}), on(Stop{}, Stopping), on(Stop{}, Stopping, Kill{}, Arm{ExitBy})},
		},
		{
			name: "during boot it undoes what was begun", given: registeringNow(),
			told: []turn{
				on(Leave{}, Registering, Cancel{}, Arm{ExitBy}),
				on(Registered{}, Deregistering, Arm{ExitBy}, Deregister{}),
				on(Leave{}, Deregistering),
			},
		},
	})
}
