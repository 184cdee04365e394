/*
 * birth starts an init many times, sends it TERM at a certain moment, and wants it to end soon each time.
 *
 *   birth MOMENT N PATH ARGV0 ARG…
 *
 *   child   the very moment its child can be seen          any   a little later after each start, from the fork on
 *   child,pid1   the same, the init is PID 1 of a namespace
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Any of its threads may have the child. */
static int has_child(const char *tasks)
{
	char path[128], c;
	int found = 0;
	DIR *dir = opendir(tasks);
	for (struct dirent *e; dir && !found && (e = readdir(dir));) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%.20s/children", tasks, e->d_name);
		int fd = open(path, O_RDONLY);
		found = fd >= 0 && read(fd, &c, 1) == 1;
		close(fd);
	}
	if (dir)
		closedir(dir);
	return found;
}

static void until_child(pid_t pid)
{
	char tasks[64];
	snprintf(tasks, sizeof tasks, "/proc/%d/task", pid);
	for (double end = now() + 5; now() < end && !has_child(tasks);)
		;
}

static void until_later(int i, int n)
{
	double span = 0.004; /* longer than any start */
	for (double end = now() + span * i / n; now() < end;)
		;
}

/* Orphans may end first: an init that TERM ended before it was ready leaves its child to us, if it had one. */
static int await(pid_t pid, int *status)
{
	for (double end = now() + 5; now() < end; usleep(100)) {
		pid_t ended = waitpid(-1, status, WNOHANG);
		if (ended == pid)
			return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 5)
		return 99;
	int n = atoi(argv[2]), pid1 = !strcmp(argv[1], "child,pid1"), any = !strcmp(argv[1], "any");
	for (int i = 0; i < n; i++) {
		int status;
		pid_t pid = syscall(SYS_clone, SIGCHLD | (pid1 ? CLONE_NEWPID : 0), 0, 0, 0, 0);
		if (pid < 0)
			return 98;
		if (pid == 0) {
			execv(argv[3], argv + 4);
			_exit(97);
		}
		if (any)
			until_later(i, n);
		else
			until_child(pid);
		kill(pid, SIGTERM);
		if (!await(pid, &status)) {
			fprintf(stderr, "lost in start %d of %d\n", i + 1, n);
			return 1;
		}
		int early = any && (WIFSIGNALED(status) || WEXITSTATUS(status) == 2); /* 2: Go's runtime does so */
		if (!early && !(WIFEXITED(status) && WEXITSTATUS(status) == 143)) {
			fprintf(stderr, "wait status %x in start %d\n", status, i + 1);
			return 2;
		}
	}
	return 0;
}
