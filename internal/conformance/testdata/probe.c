/*
 * probe is the child of an init. It says what it was given, or counts the signals that reach it.
 *
 *   probe report [ARG…]      what it was given, as NUL-ended key=value records
 *   probe count END CODE     blocks every signal and says "ready"; one line for each signal that arrives; END ends it
 *   probe ask CODE SIG…      sends these signals to its parent and exits when one has come back
 *   probe exit CODE          exits
 *   probe kill SIG           default disposition, then kills itself
 *   probe hold               says "ready" and stays, dispositions and mask as they were given
 *   probe orphans N          makes N grandchildren that are left behind and end; says "ready" when somebody has reaped
 *                            them, and ends when told on stdin
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct kernel_action {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	unsigned long mask;
};

static void put(const char *key, long value) { printf("%s=%ld%c", key, value, 0); }

static void signals(void)
{
	unsigned long blocked = 0, ignored = 0, caught = 0;
	for (int sig = 1; sig <= 64; sig++) {
		struct kernel_action a = { 0 };
		syscall(SYS_rt_sigaction, sig, NULL, &a, 8);
		if (a.handler == SIG_IGN)
			ignored |= 1UL << (sig - 1);
		else if (a.handler != SIG_DFL)
			caught |= 1UL << (sig - 1);
	}
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, NULL, &blocked, 8);
	printf("blocked=%016lx%cignored=%016lx%ccaught=%016lx%c", blocked, 0, ignored, 0, caught, 0);
}

static int report(int argc, char **argv)
{
	char cwd[4096] = "";
	int sig = 0, reaper = 0;
	put("pid", getpid());
	put("ppid", getppid());
	put("sid", getsid(0));
	put("pgid", getpgrp());
	put("foreground", tcgetpgrp(0));
	put("tty", isatty(0));
	put("uid", getuid());
	prctl(PR_GET_PDEATHSIG, &sig);
	put("pdeathsig", sig);
	prctl(PR_GET_CHILD_SUBREAPER, &reaper);
	put("subreaper", reaper);
	signals();
	if (getcwd(cwd, sizeof cwd))
		printf("cwd=%s%c", cwd, 0);
	for (int fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			put("fd", fd);
	for (int i = 0; i < argc; i++)
		printf("arg=%s%c", argv[i], 0);
	for (char **e = environ; *e; e++)
		printf("env=%s%c", *e, 0);
	return fflush(stdout) != 0;
}

static void say(const char *text) { (void)!write(1, text, strlen(text)); }

/* Raw, because the C library keeps 32 and 33 to itself. */
static int count(int end, int code)
{
	unsigned long all = ~0UL;
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, 8);
	say("ready\n");
	for (;;) {
		siginfo_t info;
		long sig = syscall(SYS_rt_sigtimedwait, &all, &info, NULL, 8);
		if (sig < 0)
			continue;
		char line[32];
		snprintf(line, sizeof line, "%ld\n", sig);
		say(line);
		if (sig == end)
			return code;
	}
}

static int ask(int code, char **sigs)
{
	unsigned long all = ~0UL;
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, 8);
	for (; *sigs; sigs++)
		kill(getppid(), atoi(*sigs));
	while (syscall(SYS_rt_sigtimedwait, &all, NULL, NULL, 8) < 0)
		;
	return code;
}

static int suicide(int sig)
{
	struct kernel_action a = { SIG_DFL, 0, 0, 0 };
	unsigned long none = 0;
	syscall(SYS_rt_sigaction, sig, &a, NULL, 8);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, 8);
	kill(getpid(), sig);
	return 98;
}

static int orphans(int n)
{
	int report[2];
	pid_t grandchild;
	char c;
	if (pipe(report) != 0)
		return 97;
	for (int i = 0; i < n; i++) {
		pid_t child = fork();
		if (child < 0)
			return 97;
		if (child == 0) {
			if (fork() != 0)
				_exit(0); /* leaves the grandchild behind */
			grandchild = getpid();
			(void)!write(report[1], &grandchild, sizeof grandchild);
			_exit(i & 127);
		}
		waitpid(child, NULL, 0);
	}
	for (int i = 0; i < n; i++) {
		if (read(report[0], &grandchild, sizeof grandchild) != sizeof grandchild)
			return 97;
		for (int try = 0; kill(grandchild, 0) == 0 && try < 20000; try++)
			usleep(1000);
		if (kill(grandchild, 0) == 0)
			return 96;
	}
	say("ready\n");
	return read(0, &c, 1) < 0;
}

int main(int argc, char **argv)
{
	const char *role = argc > 1 ? argv[1] : "";
	int n = argc > 2 ? atoi(argv[2]) : 0;
	if (!strcmp(role, "report"))
		return report(argc, argv);
	if (!strcmp(role, "count") && argc > 3)
		return count(n, atoi(argv[3]));
	if (!strcmp(role, "ask") && argc > 3)
		return ask(n, argv + 3);
	if (!strcmp(role, "exit"))
		return n;
	if (!strcmp(role, "kill"))
		return suicide(n);
	if (!strcmp(role, "hold")) {
		say("ready\n");
		for (;;)
			pause();
	}
	if (!strcmp(role, "orphans"))
		return orphans(n);
	fprintf(stderr, "probe: unknown role %s\n", role);
	return 99;
}
