/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of an echo server: requests of 64 bytes over some connections at once, each answered before its next.
 * Usage: load PORT CONNECTIONS ROUNDS   prints `rate` (requests a second) of the best of ten parts of the rounds
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define REQUEST 64
#define PARTS 10

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static int connected(int port)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)) != 0) {
		perror("connect");
		exit(1);
	}
	return fd;
}

static void round_trip(const int *fds, int count)
{
	static const char request[REQUEST] = "request";
	char answer[REQUEST];

	for (int i = 0; i < count; i++) {
		if (send(fds[i], request, REQUEST, MSG_NOSIGNAL) != REQUEST) {
			perror("send");
			exit(1);
		}
	}
	for (int i = 0; i < count; i++) {
		if (recv(fds[i], answer, REQUEST, MSG_WAITALL) != REQUEST || memcmp(answer, request, REQUEST) != 0) {
			perror("recv");
			exit(1);
		}
	}
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 64;
	const int port = atoi(argv[1]), count = atoi(argv[2]), rounds = atoi(argv[3]);
	int *fds = calloc(count, sizeof(*fds));
	double best = 0;

	for (int i = 0; i < count; i++)
		fds[i] = connected(port);
	for (int part = 0; part < PARTS; part++) {
		const double started = now();

		for (int i = 0; i < rounds / PARTS; i++)
			round_trip(fds, count);
		const double rate = (double)count * (rounds / PARTS) / (now() - started);
		best = rate > best ? rate : best;
	}
	printf("rate %.1f\n", best);
	for (int i = 0; i < count; i++)
		close(fds[i]);
	return 0;
}
