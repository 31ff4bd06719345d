// SPDX-License-Identifier: Apache-2.0
/* Descriptors and credentials beside the bytes of a socket. */
#include "local.h"

static void send_fds(int to, const int *fds, int count, const char *text)
{
	char control[CMSG_SPACE(sizeof(int) * 8)];
	struct iovec part = { (char *)text, strlen(text) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control };
	struct cmsghdr *header = (struct cmsghdr *)control;

	memset(control, 0, sizeof(control));
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int) * count);
	memcpy(CMSG_DATA(header), fds, sizeof(int) * count);
	message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
	SAY(sendmsg(to, &message, 0));
}

/* Receives, prints what came beside the bytes, and returns the first descriptor. */
static int receive_fds(int from, size_t room, int flags)
{
	char control[256] = { 0 }, text[32];
	struct iovec part = { text, sizeof(text) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = room };
	int fd = -1;
	long result = recvmsg(from, &message, flags);

	if (result < 0)
		said("recvmsg", result);
	else
		printf("recvmsg: %.*s, control %zu, flags %#x\n", (int)result, text, message.msg_controllen, message.msg_flags);
	for (struct cmsghdr *header = result < 0 ? NULL : CMSG_FIRSTHDR(&message); header;
	     header = CMSG_NXTHDR(&message, header)) {
		if (header->cmsg_type == SCM_CREDENTIALS) {
			struct ucred sender;

			memcpy(&sender, CMSG_DATA(header), sizeof(sender));
			printf("  sender: %s, uid %d, gid %d\n", sender.pid == getpid() ? "me" : sender.pid ? "another" : "nobody",
			       (int)sender.uid, (int)sender.gid);
		} else {
			int count = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));

			for (int i = 0; i < count; i++) {
				int each;

				memcpy(&each, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
				printf("  descriptor, close-on-exec %d\n", fcntl(each, F_GETFD));
				if (fd < 0)
					fd = each;
				else
					close(each);
			}
		}
	}
	return fd;
}

/*
 * Linux collects what is lost when a socket is closed, but later, and not again for a close that falls into a
 * collection: others are closed until the reader hears of the end.
 */
static void wait_for_collection(int reader)
{
	struct pollfd ask = { .fd = reader, .events = POLLIN };
	int others[2];

	for (int i = 0; i < 500 && poll(&ask, 1, 10) == 0; i++) {
		socketpair(AF_UNIX, SOCK_STREAM, 0, others);
		close(others[0]);
		close(others[1]);
	}
}

static void rights(int type)
{
	int fds[2], ends[2], got, both[2], bad[] = { 1234 }, on = 1;
	char buffer[16];

	printf("-- descriptors: %s\n", types[type]);
	socketpair(AF_UNIX, type, 0, fds);
	SAY(pipe(ends));
	send_fds(fds[0], ends, 2, "two");
	send_fds(fds[0], bad, 1, "bad");
	SAY(close(ends[0]));
	SAY(close(ends[1]));
	got = receive_fds(fds[1], CMSG_SPACE(2 * sizeof(int)), MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	SAY(read(got, buffer, 1));
	close(got);
	pipe(ends);
	SAY(send(fds[0], "plain", 5, 0));
	send_fds(fds[0], ends, 2, "cut");
	SAY(send(fds[0], "after", 5, 0));
	got = receive_fds(fds[1], CMSG_SPACE(sizeof(int)), MSG_PEEK);
	close(got);
	for (int i = 0; i < 3; i++) {
		got = receive_fds(fds[1], CMSG_LEN(sizeof(int)), MSG_DONTWAIT);
		close(got);
	}
	/* Nobody asks for them: they are closed. */
	send_fds(fds[0], ends, 2, "lost");
	SAY(close(ends[0]));
	SAY(read(fds[1], buffer, sizeof(buffer)));
	signal(SIGPIPE, SIG_IGN);
	SAY(write(ends[1], "x", 1));
	close(ends[1]);
	SAY(send(fds[0], "before", 6, 0));
	SAY(setsockopt(fds[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	SAY(send(fds[0], "since", 5, 0));
	for (int i = 0; i < 3; i++)
		(void)receive_fds(fds[1], 128, MSG_DONTWAIT);
	SAY(send(fds[0], "room", 4, 0));
	(void)receive_fds(fds[1], 20, MSG_DONTWAIT);
	/* Sockets in flight through each other, closed: lost, and not for ever. */
	for (int i = 0; i < 600; i++) {
		socketpair(AF_UNIX, type, 0, both);
		if (i == 0) {
			send_fds(both[0], both, 2, "round");
		} else {
			struct iovec part = { (char *)"x", 1 };
			char control[CMSG_SPACE(2 * sizeof(int))] = { 0 };
			struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
			struct cmsghdr *header = (struct cmsghdr *)control;

			header->cmsg_level = SOL_SOCKET;
			header->cmsg_type = SCM_RIGHTS;
			header->cmsg_len = CMSG_LEN(2 * sizeof(int));
			memcpy(CMSG_DATA(header), both, sizeof(both));
			if (sendmsg(both[0], &message, 0) < 0)
				said("sendmsg in the round", -1);
		}
		close(both[0]);
		close(both[1]);
	}
	/* A pipe's only writer in such a round: its reader hears of the end. */
	pipe(ends);
	socketpair(AF_UNIX, type, 0, both);
	send_fds(both[0], (int[]){ both[0], both[1], ends[1] }, 3, "with a pipe");
	close(ends[1]);
	close(both[0]);
	close(both[1]);
	wait_for_collection(ends[0]);
	SAY(read(ends[0], buffer, 1));
	close(ends[0]);
	close(fds[0]);
	close(fds[1]);
}
