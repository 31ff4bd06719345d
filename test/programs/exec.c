// SPDX-License-Identifier: Apache-2.0
// A program that puts itself in its own place, in every way that there is, and tells what is left of the one before.
// Usage: exec FOLDER PROGRAM      PROGRAM: this file; FOLDER: for copies, its names alone are printed
//        exec one PATH PROGRAM    whether PATH runs; in the Keep's /tmp it is a copy, changed as its name says
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int changed = 1; // of the program's data: 1 again in each new one
static char *environment[] = { "ONE=1", "TWO=two words", NULL };
static char big[200000];

static void told(const char *what, long result)
{
	printf("%s: %s\n", what, result < 0 ? strerrorname_np(errno) : "0");
}

static void copy(const char *from, int to)
{
	static char bytes[65536];
	int in = open(from, O_RDONLY);
	ssize_t got;

	while ((got = read(in, bytes, sizeof(bytes))) > 0)
		if (write(to, bytes, (size_t)got) != got)
			exit(90);
	close(in);
}

static void make(const char *name, const char *text, int mode)
{
	int to = open(name, O_WRONLY | O_CREAT | O_TRUNC, mode);

	if (write(to, text, strlen(text)) < 0)
		exit(91);
	close(to);
}

static void handler(int number)
{
	(void)number;
}

// What the program is called, by all that tell it. Of a descriptor's file Linux tells another name since 6.14.
static void names(void)
{
	static const struct {
		const char *path, *form;
	} tellers[] = {
		{ "/proc/self/comm", "%16s" },
		{ "/proc/self/stat", "%*d (%16[^)]" },
		{ "/proc/self/status", "Name: %16s" },
	};
	char name[17] = "";

	if (strncmp((char *)getauxval(AT_EXECFN), "/dev/fd/", 8) == 0)
		return;
	prctl(PR_GET_NAME, name);
	printf(" called %s", name);
	for (unsigned i = 0; i < 3; i++) {
		FILE *file = fopen(tellers[i].path, "r");

		if (!file || fscanf(file, tellers[i].form, name) != 1)
			exit(89);
		printf(" %s", name);
		fclose(file);
	}
	puts("");
}

// What a new program finds.
static void report(int argc, char **argv, char **env)
{
	struct sigaction action;
	stack_t stack;
	sigset_t set;
	char text[4096];
	long length;
	uint8_t *fresh = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned sum = 0;

	for (int i = 0; i < argc; i++)
		printf(" [%s]", argv[i]);
	for (int i = 0; env[i]; i++)
		printf(" {%s}", env[i]);
	printf("\n data %d, name %s, first task %d\n", changed, (char *)getauxval(AT_EXECFN), getpid() == syscall(SYS_gettid));
	for (int i = 3; i < 16; i++)
		if (fcntl(i, F_GETFD) >= 0)
			printf(" fd %d", i);
	sigaction(SIGUSR1, NULL, &action);
	printf("\n USR1 %s", action.sa_handler == SIG_DFL ? "default" : "kept");
	sigaction(SIGUSR2, NULL, &action);
	printf(", USR2 %s", action.sa_handler == SIG_IGN ? "ignored" : "not ignored");
	sigprocmask(SIG_SETMASK, NULL, &set);
	printf(", HUP %s", sigismember(&set, SIGHUP) ? "blocked" : "open");
	sigpending(&set);
	printf(" and %s", sigismember(&set, SIGHUP) ? "pending" : "not pending");
	sigaltstack(NULL, &stack);
	printf(", stack %s\n", stack.ss_flags & SS_DISABLE ? "none" : "kept");
	for (unsigned i = 0; i < 1 << 20; i++)
		sum += fresh[i];
	munmap(fresh, 1 << 20);
	length = readlink("/proc/self/exe", text, sizeof(text) - 1);
	text[length < 0 ? 0 : length] = 0;
	names();
	printf(" fresh memory %u, exe %s\n", sum, strstr(text, "(deleted)") ? "deleted" : strchr(text, '/') ? strrchr(text, '/') + 1 : text);
	fflush(stdout);
}

// What the compiler would not have.
static long raw(const char *path, char **args, char **env)
{
	return syscall(SYS_execve, path, args, env);
}

static void errors(void)
{
	char *args[] = { "prog", NULL }, *large[] = { big, NULL }, **bad = (char **)8;
	char *wild[] = { (char *)16, NULL };
	int busy, hidden, directory = open(".", O_RDONLY | O_DIRECTORY);

	make("text", "no program\n", 0755);
	make("empty", "", 0755);
	make("closed", "#!./prog\n", 0644);
	make("loop", "#!./loop\n", 0755);
	make("lost", "#!./nowhere\n", 0755);
	make("nothing", "#!  \n", 0755);
	make("script", "#! ./prog  one argument \nrest\n", 0755);
	make("second", "#!./script\n", 0755);
	symlink("prog", "link");
	memset(big, 'x', sizeof(big) - 1);
	told("none", execve("none", args, environment));
	told("empty path", execve("", args, environment));
	told("text", execve("text", args, environment));
	told("empty", execve("empty", args, environment));
	told("closed", execve("closed", args, environment));
	told("directory", execve(".", args, environment));
	told("below a file", execve("text/x", args, environment));
	told("loop", execve("loop", args, environment));
	told("lost", execve("lost", args, environment));
	told("nothing", execve("nothing", args, environment));
	told("large", execve("prog", large, environment));
	told("bad list", raw("prog", bad, environment));
	told("bad argument", raw("prog", wild, environment));
	told("bad environment", raw("prog", args, bad));
	told("bad path", raw((char *)8, args, environment));
	told("flags", syscall(SYS_execveat, directory, "prog", args, environment, 1));
	told("no descriptor", syscall(SYS_execveat, 99, "prog", args, environment, 0));
	told("empty, not asked for", syscall(SYS_execveat, directory, "", args, environment, 0));
	told("the directory", syscall(SYS_execveat, directory, "", args, environment, AT_EMPTY_PATH));
	told("link", syscall(SYS_execveat, directory, "link", args, environment, AT_SYMLINK_NOFOLLOW));
	hidden = open("script", O_RDONLY | O_CLOEXEC);
	told("hidden script", syscall(SYS_execveat, hidden, "", args, environment, AT_EMPTY_PATH));
	close(hidden);
	busy = open("prog", O_WRONLY);
	told("busy", execve("prog", args, environment));
	close(busy);
	close(directory);
}

// What the next program must not have, and what it must.
static void leave_behind(void)
{
	struct sigaction action = { .sa_handler = handler };
	static char stack[1 << 16];
	stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) };
	sigset_t set;
	uint8_t *old = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(old, 0x5a, 1 << 20);
	changed = 2;
	sigaction(SIGUSR1, &action, NULL);
	signal(SIGUSR2, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGHUP);
	prctl(PR_SET_NAME, "another name");
	sigaltstack(&alternate, NULL);
	dup2(0, 10);
	fcntl(dup2(0, 11), F_SETFD, FD_CLOEXEC);
}

static int pipes[2];
static pthread_mutex_t locked = PTHREAD_MUTEX_INITIALIZER;

static void *computes(void *arg)
{
	for (volatile unsigned *n = arg;; ++*n)
		;
	return arg;
}

static void *reads(void *arg)
{
	return read(pipes[0], arg, 1) ? arg : NULL;
}

static void *locks(void *arg)
{
	pthread_mutex_lock(&locked);
	return arg;
}

static void *sleeps(void *arg)
{
	const struct timespec hour = { 3600, 0 };

	nanosleep(&hour, NULL);
	return arg;
}

static void *listens(void *arg)
{
	return read(0, arg, 1) ? arg : NULL; // nobody ever writes
}

static void *replaces(void *arg)
{
	char *args[] = { "prog", "from a thread", NULL };

	nanosleep(&(struct timespec){ 0, 20000000 }, NULL);
	execve("./prog", args, environment);
	return arg;
}

static void from_a_thread(void)
{
	void *(*const all[])(void *) = { computes, computes, reads, locks, sleeps, listens, replaces };
	static unsigned words[8];
	pthread_t thread;

	if (pipe2(pipes, O_CLOEXEC) || pthread_mutex_lock(&locked))
		exit(92);
	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (pthread_create(&thread, NULL, all[i], &words[i]))
			exit(93);
	pthread_join(thread, NULL);
	exit(94);
}

static void from_memory(void)
{
	char *args[] = { "prog", "from memory", NULL };
	int memory = (int)syscall(SYS_memfd_create, "memory", 1);

	copy("prog", memory);
	syscall(SYS_execveat, memory, "", args, environment, AT_EMPTY_PATH);
	exit(95);
}

// A copy that is changed as its name says, or the file itself: what execve says of it.
static int one(const char *path, const char *program)
{
	char *args[] = { "prog", "runs", NULL };
	Elf64_Ehdr header;
	Elf64_Phdr part;
	int to;

	if (strncmp(path, "/tmp/", 5) == 0) {
		to = open(path, O_RDWR | O_CREAT, 0755);
		copy(program, to);
		pread(to, &header, sizeof(header), 0);
		for (unsigned i = 0; i < header.e_phnum; i++) {
			off_t at = (off_t)(header.e_phoff + i * sizeof(part));

			pread(to, &part, sizeof(part), at);
			if (strstr(path, "writable") && part.p_type == PT_LOAD && (part.p_flags & PF_X))
				part.p_flags |= PF_W;
			if (strstr(path, "stack") && part.p_type == PT_GNU_STACK)
				part.p_flags |= PF_X;
			pwrite(to, &part, sizeof(part), at);
		}
		if (strstr(path, "no-pie"))
			header.e_type = ET_EXEC;
		if (strstr(path, "entry"))
			header.e_entry = 64;
		pwrite(to, &header, sizeof(header), 0);
		if (strstr(path, "cut"))
			ftruncate(to, 100000);
		close(to);
	}
	execve(path, args, environment);
	puts(strerrorname_np(errno));
	return 1;
}

int main(int argc, char **argv, char **env)
{
	char *plain[] = { "prog", "plain", "", "two words", NULL }, *script[] = { "ignored", "more", NULL };
	char *opened[] = { "prog", "opened", NULL };
	const char *last = argv[argc - 1];
	int to;

	if (argc == 4 && strcmp(argv[1], "one") == 0)
		return one(argv[2], argv[3]);
	if (strcmp(last, "runs") == 0)
		return puts("runs") < 0;
	if (getenv("ONE") == NULL) {
		if (chdir(argv[1]))
			return 96;
		to = open("prog", O_WRONLY | O_CREAT | O_TRUNC, 0755);
		copy(argv[2], to);
		close(to);
		errors();
		leave_behind();
		fflush(stdout);
		execve("prog", plain, environment);
		return 97;
	}
	report(argc, argv, env);
	if (strcmp(last, "two words") == 0)
		from_a_thread();
	if (strcmp(last, "from a thread") == 0) {
		execve("second", script, environment);
		return 98;
	}
	if (strcmp(last, "more") == 0) {
		to = open("prog", O_RDONLY | O_CLOEXEC);
		syscall(SYS_execveat, to, "", opened, environment, AT_EMPTY_PATH);
		return 99;
	}
	if (strcmp(last, "opened") == 0)
		from_memory();
	if (strcmp(last, "from memory") == 0) {
		execve("/proc/self/exe", (char *[]){ NULL }, environment);
		return 100;
	}
	return 7;
}
