/* SPDX-License-Identifier: Apache-2.0 */
/* Starts the machine and serves its host until the host ends it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "guest.h"

void fatal(const char *format, ...)
{
	const int why = errno;
	va_list args;
	va_start(args, format);
	fputs("tcg: ", stderr);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, why != 0 ? ": %s\n" : "\n", strerror(why));
	fflush(stderr);
	reboot(RB_POWER_OFF);
	_exit(1);
}

/* The modules of the initramfs, in the order of the list: what one depends on comes before it. */
static void load_modules(void)
{
	FILE *list = fopen("/modules/order", "re");
	if (list == NULL)
		fatal("/modules/order");
	char name[128];
	while (fscanf(list, "%127s", name) == 1) {
		char path[160];
		snprintf(path, sizeof path, "/modules/%s", name);
		const int fd = open(path, O_RDONLY | O_CLOEXEC);
		/* kvm-amd refuses a CPU without SVM: whoever wants /dev/kvm finds it missing, and the console says why. */
		if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) != 0 && errno != EEXIST))
			fprintf(stderr, "tcg: module %s: %s\n", name, strerror(errno));
		if (fd >= 0)
			close(fd);
	}
	fclose(list);
}

/* Servers listen on the loopback interface, which a kernel starts with down. */
static void loopback_up(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) != 0)
		fprintf(stderr, "tcg: lo: %s\n", strerror(errno));
	if (fd >= 0)
		close(fd);
}

static void serve_frame(void)
{
	const struct frame frame = link_receive();
	const size_t length = frame.number;
	if (strcmp(frame.word, "run") == 0)
		command_start(frame.id, frame.bytes, length);
	else if (strcmp(frame.word, "in") == 0)
		command_input(frame.id, frame.bytes, length);
	else if (strcmp(frame.word, "kill") == 0)
		command_kill(frame.id);
	else if (strcmp(frame.word, "scratch") == 0)
		link_send(frame.id, "done", (uint64_t)mount_scratch(frame.bytes));
	else if (strcmp(frame.word, "out") == 0)
		link_send(frame.id, "done", (uint64_t)mount_out(frame.bytes));
	else
		fatal("a frame of the word %s", frame.word);
	free(frame.bytes);
}

static void serve(int children)
{
	enum { MOST = 512 };
	struct pollfd fds[MOST];
	for (;;) {
		fds[0] = (struct pollfd){.fd = link_descriptor(), .events = POLLIN};
		fds[1] = (struct pollfd){.fd = children, .events = POLLIN};
		const size_t count = 2 + commands_poll(fds + 2, MOST - 2);
		if (poll(fds, count, -1) < 0)
			continue;
		commands_ready(fds + 2, count - 2);
		if (fds[1].revents != 0) {
			struct signalfd_siginfo info;
			while (read(children, &info, sizeof info) > 0)
				;
			commands_reap();
		}
		if (fds[0].revents & POLLIN)
			serve_frame();
	}
}

int main(void)
{
	errno = 0;
	if (getpid() != 1)
		fatal("this is the first process of a machine, started by scripts/tcg");
	if (mount("devtmpfs", "/dev", "devtmpfs", MS_NOSUID, NULL) != 0)
		fatal("/dev");
	load_modules();
	link_open();
	mounts_enter();
	loopback_up();
	sigset_t blocked;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGCHLD);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	signal(SIGPIPE, SIG_IGN);
	const int children = signalfd(-1, &blocked, SFD_CLOEXEC | SFD_NONBLOCK);
	if (children < 0)
		fatal("signalfd");
	link_send(0, "ready", access("/dev/kvm", R_OK | W_OK) == 0);
	serve(children);
}
