package lifecycle

import "testing"

func TestBoot(t *testing.T) {
	tell(t, []story{
		{
			name: "a runner boots, serves its one job and is gone", given: fresh(),
			told: []turn{
				on(Booted{}, Authenticating, Authenticate{}),
				on(Authenticated{}, Registering, Register{}),
				on(Registered{}, Starting, Launch{}),
				on(Ready{}, Listening, settledIn...),
				on(JobStarted{}, Running, atWork...),
				on(JobEnded{}, Running, Arm{LingerBy}),
				on(Ended{How: Finished}, Deregistering, Arm{ExitBy}, Deregister{}),
				on(Deregistered{Gone}, Exited),
			},
		},
		{
			name: "a persistent runner listens again after each job", given: persistent(),
			told: []turn{
				on(JobStarted{}, Running, atWork...),
				on(JobEnded{}, Listening, settledIn...),
				on(JobStarted{}, Running, atWork...),
				on(JobEnded{}, Listening, settledIn...),
			},
		},
		{
			name: "a job may be the first that a listener says", given: started(),
			told: []turn{on(JobStarted{}, Running, atWork...)},
		},
		{
			name: "a runner directory that is not there ends the program before GitHub hears of us", given: fresh(),
			told: []turn{on(Failed{Exit: Exit{Misconfigured, "no runner"}}, Exited)},
			exit: Exit{Misconfigured, "no runner"},
		},
		{
			name: "a credential that is refused ends the program", given: after(fresh(), Booted{}),
			told: []turn{on(Failed{Exit: refused}, Exited)},
			exit: refused,
		},
		{
			name: "a registration that is refused leaves nothing to delete", given: registeringNow(),
			told: []turn{on(Failed{Exit: refused}, Exited)},
			exit: refused,
		},
		{
			name: "a registration whose answer was lost is looked for and deleted", given: registeringNow(),
			told: []turn{
				on(Failed{Exit: Exit{Unreachable, "no answer"}, Ghost: true}, Deregistering, Arm{ExitBy}, Deregister{}),
				on(Deregistered{Gone}, Exited),
			},
			exit: Exit{Unreachable, "no answer"},
		},
		{
			name: "a listener that cannot be started gives its registration back", given: started(),
			told: []turn{
				on(Failed{Exit: Exit{CannotExecute, "wrong architecture"}}, Deregistering, Arm{ExitBy}, Deregister{}),
				on(Deregistered{Gone}, Exited),
			},
			exit: Exit{CannotExecute, "wrong architecture"},
		},
		{
			name: "a step that hangs is cancelled at the start timeout, which is the reason that counts, with what took so long", given: registeringNow(),
			told: []turn{
				on(Expired{StartBy}, Registering, Cancel{}, Arm{ExitBy}),
				on(Failed{Exit: Exit{RunnerFailed, "context canceled"}, Ghost: true}, Deregistering, Arm{ExitBy}, Deregister{}),
				on(Deregistered{Gone}, Exited),
			},
			exit: Exit{Unreachable, "not listening before RUNNER_START_TIMEOUT was over: context canceled"},
		},
		{
			name: "a stop that comes after the start timeout sets its limit", given: registeringNow(),
			told: []turn{
				on(Expired{StartBy}, Registering, Cancel{}, Arm{ExitBy}),
				on(Stop{}, Registering, Arm{ExitBy}),
				on(Expired{ExitBy}, Exited, Cancel{}),
			},
			exit: Exit{GhostLeft, "not listening before RUNNER_START_TIMEOUT was over; a registration may be left on GitHub"},
		},
		{
			name: "a listener that never gets a session is fenced off at the start timeout", given: started(),
			told: []turn{
				on(Expired{StartBy}, Stopping, Fence{}, Arm{FenceBy}),
				on(Fenced{Gone}, Stopping, Disarm{FenceBy}, Disarm{DrainBy}, Arm{Settled}),
				on(Expired{Settled}, Stopping, Look{}),
				on(Looked{}, Stopping, Interrupt{}, Arm{KillBy}),
				on(Ended{How: Finished}, Exited),
			},
			exit: Exit{Unreachable, "not listening before RUNNER_START_TIMEOUT was over"},
		},
		{
			name: "news that mean nothing change nothing", given: idle(),
			told: []turn{
				on(Booted{}, Listening), on(Authenticated{}, Listening), on(Registered{}, Listening), on(Updated{}, Listening),
				on(Checked{Missing}, Listening), on(JobEnded{}, Listening), on(Looked{Worker: true}, Listening),
				on(Fenced{Gone}, Listening), on(Deregistered{Gone}, Listening), on(Expired{StartBy}, Listening),
				on(Expired{KillBy}, Listening), on(Expired{LingerBy}, Listening), on(Expired{RestartAt}, Listening),
			},
		},
	})
}

func TestStopDuringBoot(t *testing.T) {
	tell(t, []story{
		{
			name: "while the runner directory is prepared", given: fresh(),
			told: []turn{on(Stop{}, Booting, Cancel{}, Arm{ExitBy}), on(Booted{}, Exited)},
		},
		{
			name: "while the credential is made ready", given: after(fresh(), Booted{}),
			told: []turn{on(Stop{}, Authenticating, Cancel{}, Arm{ExitBy}), on(Authenticated{}, Exited)},
		},
		{
			name: "while registering, too late to keep GitHub from it", given: registeringNow(),
			told: []turn{
				on(Stop{}, Registering, Cancel{}, Arm{ExitBy}),
				on(Registered{}, Deregistering, Arm{ExitBy}, Deregister{}),
				on(Deregistered{Gone}, Exited),
			},
		},
		{
			name: "while registering, in time: a failure is what the stop asked for", given: registeringNow(),
			told: []turn{on(Stop{}, Registering, Cancel{}, Arm{ExitBy}), on(Failed{Exit: refused}, Exited)},
		},
		{
			name: "while registering, the start timeout comes after the stop and says nothing any more", given: registeringNow(),
			told: []turn{
				on(Stop{}, Registering, Cancel{}, Arm{ExitBy}), on(Expired{StartBy}, Registering),
				on(Registered{}, Deregistering, Arm{ExitBy}, Deregister{}),
				on(Deregistered{Gone}, Exited),
			},
		},
		{
			name: "while registering, nobody knows how far GitHub came", given: registeringNow(),
			told: []turn{
				on(Stop{}, Registering, Cancel{}, Arm{ExitBy}),
				on(Failed{Exit: refused, Ghost: true}, Deregistering, Arm{ExitBy}, Deregister{}),
				on(Deregistered{Gone}, Exited),
			},
		},
		{
			name: "a second and a third signal make no step of boot answer sooner", given: registeringNow(),
			told: []turn{
				on(Stop{}, Registering, Cancel{}, Arm{ExitBy}), on(Stop{}, Registering, Cancel{}), on(Stop{}, Registering, Cancel{}),
				on(Registered{}, Deregistering, Arm{ExitBy}, Deregister{}),
			},
		},
		{
			name: "while the listener connects", given: started(),
			told: append([]turn{
				on(Stop{}, Stopping, Fence{}, Arm{FenceBy}),
				on(Ready{}, Stopping),
				on(Fenced{Gone}, Stopping, Disarm{FenceBy}, Disarm{DrainBy}, Arm{Settled}),
			}, undisturbed...),
		},
		{
			name: "while the listener is launched, which then fails", given: started(),
			told: []turn{
				on(Stop{}, Stopping, Fence{}, Arm{FenceBy}),
				on(Failed{Exit: refused}, Deregistering, Arm{ExitBy}),
				on(Fenced{Gone}, Exited),
			},
		},
		{
			name: "while a restart waits for its back-off", given: after(started(), Ended{How: Retryable}, Checked{}),
			told: []turn{
				on(Stop{}, Deregistering, Cancel{}, Arm{ExitBy}, Deregister{}),
				on(Expired{RestartAt}, Deregistering), on(Expired{SteadyAt}, Deregistering),
				on(Deregistered{Gone}, Exited),
			},
		},
		{
			name: "while the runner updates itself", given: after(started(), Ended{How: Updating}),
			told: []turn{
				on(Stop{}, Deregistering, Cancel{}, Arm{ExitBy}, Deregister{}),
				on(Updated{}, Deregistering),
				on(Deregistered{Gone}, Exited),
			},
		},
	})
}
