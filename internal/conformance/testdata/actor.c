/*
 * actor is the child of an init that does more than look at itself: it has a family, leaves orphans, is traced, changes
 * its user. Each of its processes ends by itself when nobody reads its standard output any more.
 *
 *   actor family CODE        five others beside it; NAME SIG for each signal; TERM ends those who are told to
 *   actor leave CODE HOW     leaves one orphan and exits; HOW as in "stay"
 *   actor stay CODE HOW      tells each signal · meek: until TERM · deaf: for ever
 *   actor storm N CODE       leaves N orphans that end at once, says "ready", exits at the end of its input
 *   actor traced WHO         asks to be traced by its parent, then stops itself; WHO is main or orphan
 *   actor user UID           becomes that user for good, then counts signals
 *   actor flood CODE         counts signals while it forks; the last of them, 64, asks for the sums and ends it
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const unsigned long every = ~0UL;

static void say(const char *who, const char *what)
{
	char line[64];
	int n = snprintf(line, sizeof line, "%s %s\n", who, what);
	if (write(1, line, n) != n)
		_exit(96);
}

static void block_all(void) { syscall(SYS_rt_sigprocmask, SIG_SETMASK, &every, NULL, 8); }

static int unread(void)
{
	struct pollfd out = { 1, 0, 0 };
	return poll(&out, 1, 0) == 1 && out.revents & (POLLERR | POLLHUP | POLLNVAL);
}

/* One signal, 0 for none in the next 50 ms; the raw call, because the C library keeps 32 and 33 to itself. */
static int next_signal(long nanoseconds)
{
	struct timespec limit = { 0, nanoseconds };
	siginfo_t info;
	long sig = syscall(SYS_rt_sigtimedwait, &every, &info, &limit, 8);
	return sig < 0 ? 0 : sig;
}

/* Tells each signal but those of children, until the last one or until nobody listens. */
static void tell(const char *who, int last)
{
	char number[16];
	int sig = 0;
	while (sig != last || last == 0) {
		sig = next_signal(50000000);
		if (sig == 0 && unread())
			_exit(95);
		if (sig == 0 || sig == SIGCHLD)
			continue;
		snprintf(number, sizeof number, "%d", sig);
		say(who, number);
	}
}

enum { SAME, GROUP, SESSION, ORPHAN, AWAY, MEMBERS };
static const char *const names[] = { "same", "group", "session", "orphan", "away" };

static void settle(int member, pid_t parent)
{
	if (member == GROUP)
		setpgid(0, 0);
	if (member == SESSION || member == AWAY)
		setsid();
	if (member == ORPHAN || member == AWAY)
		while (getppid() == parent)
			sched_yield();
}

static void bear(int member, int up)
{
	pid_t pid = fork();
	if (pid != 0) {
		if (member == ORPHAN || member == AWAY)
			waitpid(pid, NULL, 0);
		return;
	}
	pid_t parent = getpid();
	if ((member == ORPHAN || member == AWAY) && fork() != 0)
		_exit(0);
	settle(member, parent);
	prctl(PR_SET_NAME, names[member]);
	if (write(up, "", 1) != 1)
		_exit(96);
	close(up);
	tell(names[member], 0);
}

static int family(int code)
{
	int up[2];
	char c;
	block_all();
	prctl(PR_SET_NAME, "main");
	if (pipe(up) != 0)
		return 97;
	for (int m = 0; m < MEMBERS; m++)
		bear(m, up[1]);
	close(up[1]);
	for (int m = 0; m < MEMBERS; m++)
		if (read(up[0], &c, 1) != 1)
			return 97;
	say("main", "up");
	tell("main", SIGTERM);
	return code;
}

static int stay(const char *who, int code, const char *how)
{
	block_all();
	say(who, "up");
	tell(who, strcmp(how, "meek") ? 0 : SIGTERM);
	return code;
}

static int leave(int code, const char *how)
{
	int up[2];
	char c;
	pid_t self = getpid();
	if (pipe(up) != 0)
		return 97;
	pid_t pid = fork();
	if (pid != 0) {
		close(up[1]);
		(void)!read(up[0], &c, 1);
		return code;
	}
	block_all();
	setsid();
	close(up[0]);
	close(up[1]); /* all is set: our parent may leave us */
	while (getppid() == self)
		sched_yield();
	_exit(stay("orphan", code, how));
}

static int storm(int n, int code)
{
	char c;
	for (int left = n; left > 0; left -= 50) {
		pid_t pid = fork();
		if (pid < 0)
			return 97;
		for (int i = 0; pid == 0 && i < (left < 50 ? left : 50); i++) {
			pid_t orphan = fork();
			if (orphan < 0)
				_exit(97);
			if (orphan == 0)
				_exit(i);
		}
		if (pid == 0)
			_exit(0);
		int status;
		if (waitpid(pid, &status, 0) != pid || status != 0)
			return 97;
	}
	say("main", "ready");
	while (read(0, &c, 1) > 0)
		;
	return code;
}

static void be_traced(const char *who)
{
	ptrace(PTRACE_TRACEME, 0, 0, 0);
	say(who, "traced");
	raise(SIGUSR2);
	for (;;)
		pause();
}

static int traced(const char *who)
{
	char c;
	if (!strcmp(who, "main"))
		be_traced(who);
	pid_t pid = fork();
	pid_t between = getpid();
	if (pid == 0 && fork() == 0) {
		while (getppid() == between)
			sched_yield();
		be_traced(who);
	}
	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	while (read(0, &c, 1) > 0)
		;
	return 3;
}

static int user(int uid)
{
	if (setresgid(uid, uid, uid) != 0 || setresuid(uid, uid, uid) != 0)
		return 97;
	return stay("main", 0, "deaf");
}

static int flood(int code)
{
	long sums[65] = { 0 };
	block_all();
	say("main", "up");
	for (;;) {
		int sig = next_signal(1000000);
		sums[sig]++;
		if (sig == 64)
			break;
		if (sig == 0 && unread())
			return 95;
		if (sums[sig] % 8 == 1 && fork() == 0) {
			if (fork() == 0)
				_exit(1);
			_exit(0);
		}
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	for (int sig = 1; sig <= 64; sig++)
		printf("%d %ld\n", sig, sums[sig]);
	fflush(stdout);
	return code;
}

int main(int argc, char **argv)
{
	const char *role = argc > 1 ? argv[1] : "";
	const char *word = argc > 2 ? argv[2] : "", *how = argc > 3 ? argv[3] : "";
	if (!strcmp(role, "family"))
		return family(atoi(word));
	if (!strcmp(role, "leave"))
		return leave(atoi(word), how);
	if (!strcmp(role, "stay"))
		return stay("main", atoi(word), how);
	if (!strcmp(role, "storm"))
		return storm(atoi(word), atoi(how));
	if (!strcmp(role, "traced"))
		return traced(word);
	if (!strcmp(role, "user"))
		return user(atoi(word));
	if (!strcmp(role, "flood"))
		return flood(atoi(word));
	fprintf(stderr, "actor: unknown role %s\n", role);
	return 99;
}
