/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of the host: each in a cgroup of its own, so that nothing of it outlives it. Any number runs at a time. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "guest.h"

#define CGROUPS "/sys/fs/cgroup"

enum { INPUT, OUTPUT, ERRORS, STREAMS };

struct command {
	uint32_t id;
	pid_t pid;
	bool ended;
	int status; /* as of wait(), when it ended */
	int pipes[STREAMS]; /* our ends; -1 when closed */
	char *input; /* what the host sent and the command did not read yet; the host bounds it */
	size_t input_length;
	bool input_over; /* nothing more comes */
	struct command *next;
};

static struct command *commands;

static struct command *find(uint32_t id)
{
	struct command *command = commands;
	while (command != NULL && command->id != id)
		command = command->next;
	return command;
}

static void close_stream(struct command *command, int stream)
{
	if (command->pipes[stream] >= 0)
		close(command->pipes[stream]);
	command->pipes[stream] = -1;
}

/* Writes to a file of the command's cgroup. */
static bool cgroup_write(uint32_t id, const char *file, const char *text)
{
	char path[96];
	snprintf(path, sizeof path, CGROUPS "/%u/%s", id, file);
	const int fd = open(path, O_WRONLY | O_CLOEXEC);
	const bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	if (fd >= 0)
		close(fd);
	return written;
}

static void end_all_of(uint32_t id)
{
	if (!cgroup_write(id, "cgroup.kill", "1"))
		fatal("cgroup.kill of command %u", id);
}

/* Tells the host once the command has ended and all that was written is sent. */
static void finish_if_over(struct command *command)
{
	if (!command->ended || command->pipes[OUTPUT] >= 0 || command->pipes[ERRORS] >= 0)
		return;
	close_stream(command, INPUT);
	const bool killed = WIFSIGNALED(command->status);
	link_send(command->id, killed ? "signal" : "exit",
		  (uint64_t)(killed ? WTERMSIG(command->status) : WEXITSTATUS(command->status)));
	char cgroup[64];
	snprintf(cgroup, sizeof cgroup, CGROUPS "/%u", command->id);
	rmdir(cgroup); /* stays where something of it is still dying: the machine does not live long */
	struct command **at = &commands;
	while (*at != command)
		at = &(*at)->next;
	*at = command->next;
	free(command->input);
	free(command);
}

/* In the child: never returns. What keeps it from running comes back as an errno. */
static void __attribute__((noreturn))
become(uint32_t id, const int *ends, int failure, const char *cwd, char **argv, char **environment)
{
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setsid();
	if (cgroup_write(id, "cgroup.procs", "0") && dup2(ends[INPUT], 0) == 0 && dup2(ends[OUTPUT], 1) == 1 &&
	    dup2(ends[ERRORS], 2) == 2 && chdir(cwd) == 0) {
		environ = environment;
		execvp(argv[0], argv);
	}
	const int why = errno;
	if (write(failure, &why, sizeof why) < 0)
		_exit(126);
	_exit(127);
}

/* Fills `list` with the strings, NULL after the last; how many there are. */
static size_t strings(char **list, const char *bytes, size_t length)
{
	size_t count = 0;
	for (const char *at = bytes; at < bytes + length; at += strlen(at) + 1)
		list[count++] = (char *)at;
	list[count] = NULL;
	return count;
}

static bool make_pipes(int ours[STREAMS], int theirs[STREAMS], int failure[2])
{
	for (int i = 0; i < STREAMS; i++) {
		int ends[2];
		if (pipe2(ends, O_CLOEXEC) != 0)
			return false;
		ours[i] = ends[i == INPUT ? 1 : 0];
		theirs[i] = ends[i == INPUT ? 0 : 1];
		fcntl(ours[i], F_SETFL, O_NONBLOCK);
	}
	return pipe2(failure, O_CLOEXEC) == 0;
}

void command_start(uint32_t id, const char *bytes, size_t length)
{
	char **list = calloc(length + 2, sizeof *list);
	const size_t count = list == NULL ? 0 : strings(list, bytes, length);
	const size_t arguments = count < 3 ? 0 : strtoul(list[1], NULL, 10);
	if (arguments == 0 || arguments > count - 2)
		fatal("a command of %zu strings", count);
	mounts_refresh();
	/* Between the arguments and the environment execve wants a NULL. */
	char **environment = calloc(count + 1, sizeof *environment);
	struct command *command = calloc(1, sizeof *command);
	int theirs[STREAMS], failure[2];
	char cgroup[64];
	snprintf(cgroup, sizeof cgroup, CGROUPS "/%u", id);
	if (environment == NULL || command == NULL || mkdir(cgroup, 0755) != 0 ||
	    !make_pipes(command->pipes, theirs, failure))
		fatal("starting command %u", id);
	memcpy(environment, list + 2 + arguments, (count - 2 - arguments) * sizeof *environment);
	list[2 + arguments] = NULL;
	command->id = id;
	command->pid = fork();
	if (command->pid == 0)
		become(id, theirs, failure[1], list[0], list + 2, environment);
	for (int i = 0; i < STREAMS; i++)
		close(theirs[i]);
	close(failure[1]);
	int why = errno;
	const bool failed = command->pid < 0 || read(failure[0], &why, sizeof why) == sizeof why;
	close(failure[0]);
	free(environment);
	free(list);
	if (!failed) {
		command->next = commands;
		commands = command;
		return;
	}
	for (int i = 0; i < STREAMS; i++)
		close_stream(command, i);
	free(command);
	link_send(id, "failed", (uint64_t)why);
}

void command_input(uint32_t id, const char *bytes, size_t length)
{
	struct command *command = find(id);
	if (command == NULL)
		return; /* it ended while this was under way */
	if (length == 0) {
		command->input_over = true;
		if (command->input_length == 0)
			close_stream(command, INPUT);
		return;
	}
	char *more = realloc(command->input, command->input_length + length);
	if (more == NULL)
		fatal("%zu bytes of input", length);
	memcpy(more + command->input_length, bytes, length);
	command->input = more;
	command->input_length += length;
}

/* Writes what the pipe takes. What nobody will read is dropped, as a broken pipe drops it. */
static void pass_input(struct command *command)
{
	const ssize_t wrote = write(command->pipes[INPUT], command->input, command->input_length);
	if (wrote < 0 && errno == EAGAIN)
		return;
	const size_t taken = wrote < 0 ? command->input_length : (size_t)wrote;
	memmove(command->input, command->input + taken, command->input_length - taken);
	command->input_length -= taken;
	link_send(command->id, "took", taken);
	if (wrote < 0 || (command->input_over && command->input_length == 0))
		close_stream(command, INPUT);
}

static void pass_output(struct command *command, int stream)
{
	static char bytes[65536];
	const ssize_t got = read(command->pipes[stream], bytes, sizeof bytes);
	if (got > 0)
		link_send_bytes(command->id, stream == OUTPUT ? "out" : "err", bytes, (size_t)got);
	else if (got == 0 || errno != EAGAIN)
		close_stream(command, stream);
}

static bool wanted(const struct command *command, int stream)
{
	return command->pipes[stream] >= 0 && (stream != INPUT || command->input_length > 0);
}

size_t commands_poll(struct pollfd *fds, size_t room)
{
	size_t count = 0;
	for (struct command *command = commands; command != NULL; command = command->next)
		for (int stream = 0; stream < STREAMS; stream++)
			if (wanted(command, stream) && count < room)
				fds[count++] = (struct pollfd){.fd = command->pipes[stream],
							       .events = stream == INPUT ? POLLOUT : POLLIN};
	return count;
}

void commands_ready(const struct pollfd *fds, size_t count)
{
	size_t at = 0;
	for (struct command *command = commands, *next; command != NULL; command = next) {
		next = command->next;
		for (int stream = 0; stream < STREAMS && at < count; stream++) {
			if (command->pipes[stream] < 0 || fds[at].fd != command->pipes[stream])
				continue;
			if (fds[at++].revents == 0)
				continue;
			if (stream == INPUT)
				pass_input(command);
			else
				pass_output(command, stream);
		}
		finish_if_over(command);
	}
}

void command_kill(uint32_t id)
{
	if (find(id) != NULL)
		end_all_of(id);
}

void commands_reap(void)
{
	int status;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct command *command = commands;
		while (command != NULL && command->pid != pid)
			command = command->next;
		if (command == NULL)
			continue; /* an orphan */
		command->ended = true;
		command->status = status;
		end_all_of(command->id);
		finish_if_over(command);
	}
}
