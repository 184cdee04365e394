// What the C library makes of an input, for tests that hold our own code to it. Requests and answers are blocks: the
// length in 4 bytes, then strings that each end in a NUL. The first string of a request says what is asked.
#define _GNU_SOURCE
#include <getopt.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 1 << 10 };

static FILE *answer;

static void put(const char *s) { fwrite(s, 1, strlen(s) + 1, answer); }

// options: short ones, how many long ones, each as name, whether it takes an argument, and letter; then the words of the
// command line. Without any long ones it is getopt(3). Answered are the message, the options, an empty string, the operands.
static void options(char **s, int n) {
	struct option longs[MOST] = {0};
	const char *letters = s[0];
	int many = atoi(s[1]), at = 2;
	for (int i = 0; i < many; i++, at += 3) {
		longs[i].name = s[at];
		longs[i].has_arg = atoi(s[at + 1]);
		longs[i].val = s[at + 2][0];
	}
	int argc = n - at;
	char **argv = s + at;
	argv[argc] = NULL;
	char *message = NULL;
	size_t length;
	FILE *standard = stderr;
	stderr = open_memstream(&message, &length);
	char read[MOST][2] = {{0}};
	const char *arguments[MOST];
	int count = 0;
	optind = 0; // glibc: from the beginning
	for (int c; count < MOST;) {
		c = many ? getopt_long(argc, argv, letters, longs, NULL) : getopt(argc, argv, letters);
		if (c == -1)
			break;
		read[count][0] = c;
		arguments[count++] = c != '?' && optarg ? optarg : "";
		if (c == '?')
			break;
	}
	fclose(stderr);
	stderr = standard;
	put(message);
	free(message);
	for (int i = 0; i < count; i++) {
		fputs(read[i], answer);
		put(arguments[i]);
	}
	put("");
	for (int i = optind; i < argc; i++)
		put(argv[i]);
}

static void number(const char *s) {
	char *end;
	long n = strtol(s, &end, 10);
	fprintf(answer, "%ld %td", n, end - s);
	put("");
}

static void pair(const char *s) {
	int a = 0, b = 0, n = sscanf(s, "%d:%d", &a, &b);
	fprintf(answer, "%d %d %d", n, a, b);
	put("");
}

static void ask(char **s, int n) {
	if (strcmp(s[0], "options") == 0)
		options(s + 1, n - 1);
	else if (strcmp(s[0], "number") == 0)
		number(s[1]);
	else if (strcmp(s[0], "pair") == 0)
		pair(s[1]);
	else if (strcmp(s[0], "base") == 0)
		put(basename(s[1]));
	else if (strcmp(s[0], "signal") == 0)
		put(strsignal(atoi(s[1])));
	else if (strcmp(s[0], "error") == 0)
		put(strerror(atoi(s[1])));
}

int main(void) {
	uint32_t length;
	while (fread(&length, sizeof length, 1, stdin) == 1) {
		char *block = malloc(length + 1), *strings[MOST + 1];
		int n = 0;
		if (!block || fread(block, 1, length, stdin) != length)
			return 1;
		for (char *p = block; p < block + length && n < MOST; p += strlen(p) + 1)
			strings[n++] = p;
		char *text = NULL;
		size_t size;
		answer = open_memstream(&text, &size);
		ask(strings, n);
		fclose(answer);
		uint32_t written = size;
		fwrite(&written, sizeof written, 1, stdout);
		fwrite(text, 1, size, stdout);
		fflush(stdout);
		free(text);
		free(block);
	}
	return 0;
}
