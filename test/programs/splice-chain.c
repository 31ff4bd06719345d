/* SPDX-License-Identifier: Apache-2.0 */
/* splice() between threads: through a pipe, a socket and a pipe all comes out that went in, in order, whoever waits. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static char text[1 << 17], got[1 << 17];

static int ends[2];

static void *feed(void *unused)
{
	(void)unused;
	for (long left = 400000; left > 0;) {
		long part = left < 30011 ? left : 30011, done = write(ends[1], text, (size_t)part);

		if (done <= 0)
			break;
		left -= done;
	}
	close(ends[1]);
	return NULL;
}

static void *drain(void *sum)
{
	long length;

	while ((length = read(ends[0], got, 7001)) > 0)
		for (long i = 0; i < length; i++)
			*(uint32_t *)sum = *(uint32_t *)sum * 31 + (unsigned char)got[i];
	return sum;
}

static void *shift(void *fds)
{
	const int *p = fds;
	long done;

	while ((done = splice(p[0], NULL, p[1], NULL, 1 << 16, 0)) > 0)
		;
	if (done < 0)
		perror("splice");
	close(p[0]);
	close(p[1]);
	return NULL;
}

int main(void)
{
	int first[2], middle[2], last[2], ways[3][2];
	pthread_t feeder, shifters[3], drainer;
	uint32_t sum = 1, expected = 1;

	for (unsigned i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * 7 + i / 251);
	pipe(first);
	pipe(last);
	socketpair(AF_UNIX, SOCK_STREAM, 0, middle);
	ends[1] = first[1];
	ends[0] = last[0];
	ways[0][0] = first[0];
	ways[0][1] = middle[0];
	pipe(ways[1] + 0);
	ways[2][0] = ways[1][0];
	ways[2][1] = last[1];
	ways[1][0] = middle[1];
	pthread_create(&feeder, NULL, feed, NULL);
	for (int i = 0; i < 3; i++)
		pthread_create(&shifters[i], NULL, shift, ways[i]);
	pthread_create(&drainer, NULL, drain, &sum);
	pthread_join(feeder, NULL);
	for (int i = 0; i < 3; i++)
		pthread_join(shifters[i], NULL);
	pthread_join(drainer, NULL);
	for (long left = 400000; left > 0; left -= 30011)
		for (long i = 0; i < (left < 30011 ? left : 30011); i++)
			expected = expected * 31 + (unsigned char)text[i];
	printf("all of it: %d\n", sum == expected);
	return sum != expected;
}
