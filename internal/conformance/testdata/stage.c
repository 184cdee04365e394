/*
 * stage narrows the world for a program, then becomes it.
 *
 *   stage KEY=VALUE… -- PATH ARGV0 ARG…
 *
 *   nofile=N:N as=N:N       resource limits, soft and hard      user=UID        becomes this user
 *   join=FILE               enters a cgroup: its cgroup.procs    without=CAP     drops a capability from the bounding set
 *   zombies=N  living=N     children it brings along             pending=SIG     blocks it and has it pending
 *   hide=DIR                an empty file system over DIR        readonly=/      nothing can be written
 *   terminal=HOW            session: a new session whose terminal is descriptor 0 · background: a group of its own below it
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void need(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "stage: cannot %s: %s\n", what, strerror(errno));
	exit(99);
}

static void limit(int resource, const char *value)
{
	struct rlimit l;
	need(sscanf(value, "%lu:%lu", &l.rlim_cur, &l.rlim_max) == 2, "understand a limit");
	need(setrlimit(resource, &l) == 0, "set a limit");
}

static void join(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	need(fd >= 0 && write(fd, "0", 1) == 1, "enter the cgroup");
	close(fd);
}

static void bring(int n, int living)
{
	for (int i = 0; i < n; i++) {
		pid_t pid = fork();
		need(pid >= 0, "fork");
		if (pid == 0 && living)
			sleep(10);
		if (pid == 0)
			_exit(9);
		siginfo_t info;
		if (!living)
			waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
	}
}

static void pending(int sig)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, sig);
	need(sigprocmask(SIG_BLOCK, &set, NULL) == 0 && kill(getpid(), sig) == 0, "have a signal pending");
}

static void own_mounts(void)
{
	need(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "have mounts of its own");
}

static void hide(const char *dir)
{
	own_mounts();
	need(mount("none", dir, "tmpfs", 0, NULL) == 0, "hide a directory");
}

static void readonly(void)
{
	own_mounts();
	need(mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) == 0, "make the root read-only");
}

static void user(int uid)
{
	need(setgroups(0, NULL) == 0 && setresgid(uid, uid, uid) == 0 && setresuid(uid, uid, uid) == 0, "become the user");
}

/* In the background its parent is the session's leader, which has the terminal and waits. */
static void terminal(const char *how)
{
	need(setsid() > 0 && ioctl(0, TIOCSCTTY, 0) == 0, "take the terminal");
	if (strcmp(how, "background"))
		return;
	pid_t pid = fork();
	need(pid >= 0, "fork");
	if (pid == 0) {
		need(setpgid(0, 0) == 0, "have a group");
		return;
	}
	int status;
	signal(SIGHUP, SIG_IGN);
	need(waitpid(pid, &status, 0) == pid, "wait");
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static void apply(char *key, char *value)
{
	if (!strcmp(key, "nofile")) limit(RLIMIT_NOFILE, value);
	else if (!strcmp(key, "as")) limit(RLIMIT_AS, value);
	else if (!strcmp(key, "user")) user(atoi(value));
	else if (!strcmp(key, "join")) join(value);
	else if (!strcmp(key, "without")) need(prctl(PR_CAPBSET_DROP, atoi(value), 0, 0, 0) == 0, "drop a capability");
	else if (!strcmp(key, "zombies")) bring(atoi(value), 0);
	else if (!strcmp(key, "living")) bring(atoi(value), 1);
	else if (!strcmp(key, "pending")) pending(atoi(value));
	else if (!strcmp(key, "hide")) hide(value);
	else if (!strcmp(key, "readonly")) readonly();
	else if (!strcmp(key, "terminal")) terminal(value);
	else need(0, key);
}

int main(int argc, char **argv)
{
	int i = 1;
	for (; i < argc && strcmp(argv[i], "--"); i++) {
		char *value = strchr(argv[i], '=');
		errno = EINVAL;
		need(value != NULL, argv[i]);
		*value = 0;
		apply(argv[i], value + 1);
	}
	need(i + 2 < argc, "find a program");
	execv(argv[i + 1], argv + i + 2);
	need(0, "execute the program");
}
