/*
 * launch gives a program the surroundings that a test asks for, then becomes it: no language runtime in between
 * changes masks, dispositions or descriptors.
 *
 *   launch [-m] [-b SIG,…] [-i SIG,…] [-c FD,…] [-k N] [-u UID] [-t] [-s FD] -- PATH ARGV0 ARG…
 *
 *   -m  mount /proc for this PID namespace
 *   -b  block these signals              -i  ignore these signals, "none" for neither
 *   -c  close these descriptors          -k  keep N descriptors from 3 on; all others are closed
 *   -u  become this user                 -t  a new session, descriptor 0 is its terminal
 *   -s  stay as PID 1 beside the program: the wait status of the program is written to FD, in decimal, when it has
 *       ended; the rest is reaped as an init does, to the last
 *   -p  put a parent in between that waits for TERM, then ends: for signals on the death of the parent
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void fail(const char *what)
{
	fprintf(stderr, "launch: cannot %s: %s\n", what, strerror(errno));
	exit(99);
}

/* Raw, because the C library hides 32 and 33. */
struct kernel_action {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	unsigned long mask;
};

static void dispose(int sig, void (*handler)(int))
{
	struct kernel_action a = { handler, 0, 0, 0 };
	if (syscall(SYS_rt_sigaction, sig, &a, NULL, 8) != 0 && sig != SIGKILL && sig != SIGSTOP)
		fail("set a disposition");
}

static unsigned long parse(char *list)
{
	unsigned long set = 0;
	for (char *p = strtok(list, ","); p; p = strtok(NULL, ","))
		set |= 1UL << (atoi(p) - 1);
	return set;
}

static void surroundings(unsigned long blocked, unsigned long ignored)
{
	for (int sig = 1; sig <= 64; sig++)
		dispose(sig, ignored >> (sig - 1) & 1 ? SIG_IGN : SIG_DFL);
	if (syscall(SYS_rt_sigprocmask, SIG_SETMASK, &blocked, NULL, 8) != 0)
		fail("set the mask");
}

static void become(int uid)
{
	if (setgroups(0, NULL) != 0 || setresgid(uid, uid, uid) != 0 || setresuid(uid, uid, uid) != 0)
		fail("become another user");
}

/* The parent in between. It is told to go by TERM, and reports nothing. */
static void interpose(void)
{
	sigset_t term;
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	pid_t pid = fork();
	if (pid < 0)
		fail("fork");
	if (pid == 0)
		return;
	int sig;
	sigwait(&term, &sig);
	_exit(0);
}

static void beside(int report)
{
	pid_t pid = fork();
	if (pid < 0)
		fail("fork");
	if (pid == 0) {
		return;
	}
	for (int fd = 0; fd < 1024; fd++)
		if (fd != report)
			close(fd);
	for (;;) {
		int status;
		pid_t ended = wait(&status);
		if (ended == pid) {
			dprintf(report, "%d\n", status);
			close(report);
		}
		if (ended < 0 && errno == ECHILD)
			_exit(0);
	}
}

int main(int argc, char **argv)
{
	unsigned long blocked = 0, ignored = 0;
	int keep = 0, report = -1, uid = -1, mounts = 0, terminal = 0, parent = 0, opt;
	char *closing = NULL;
	while ((opt = getopt(argc, argv, "+mb:i:c:k:u:ts:p")) != -1)
		switch (opt) {
		case 'm': mounts = 1; break;
		case 'b': blocked = parse(optarg); break;
		case 'i': ignored = parse(optarg); break;
		case 'c': closing = optarg; break;
		case 'k': keep = atoi(optarg); break;
		case 'u': uid = atoi(optarg); break;
		case 't': terminal = 1; break;
		case 's': report = atoi(optarg); break;
		case 'p': parent = 1; break;
		default: return 99;
		}
	if (argc - optind < 2)
		return 99;
	for (int fd = 3 + keep; fd < 1024; fd++)
		if (fd != report)
			close(fd);
	if (report >= 0)
		fcntl(report, F_SETFD, FD_CLOEXEC);
	if (mounts && mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0)
		fail("mount /proc");
	if (report >= 0)
		beside(report);
	if (parent)
		interpose();
	if (terminal && (setsid() < 0 || ioctl(0, TIOCSCTTY, 0) != 0))
		fail("take the terminal");
	if (uid >= 0)
		become(uid);
	surroundings(blocked, ignored);
	for (char *p = closing ? strtok(closing, ",") : NULL; p; p = strtok(NULL, ","))
		close(atoi(p));
	execv(argv[optind], argv + optind + 1);
	fail("execute the program");
}
