/* SPDX-License-Identifier: Apache-2.0 */
/* Frames to and from the host, over the first port of the virtio-serial device. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "guest.h"

#define PORT "/dev/vport0p1"
/* The device is probed by another thread of the kernel than the one that loads the module. */
#define PROBE_MS 10000

static int port = -1;

void link_open(void)
{
	const struct timespec moment = {.tv_nsec = 5000000};
	for (unsigned waited = 0; (port = open(PORT, O_RDWR | O_CLOEXEC)) < 0; waited += 5) {
		if (waited >= PROBE_MS)
			fatal(PORT);
		nanosleep(&moment, NULL);
	}
}

int link_descriptor(void)
{
	return port;
}

static void receive(char *bytes, size_t length)
{
	while (length > 0) {
		const ssize_t got = read(port, bytes, length);
		if (got <= 0) {
			/* 0: nobody has the other end. The host's part opens it before the machine starts, and ends it. */
			if (got < 0 && errno == EINTR)
				continue;
			fatal("the port to the host is closed");
		}
		bytes += got;
		length -= (size_t)got;
	}
}

/* Frames of the host that carry bytes. */
static bool carries(const char *word)
{
	return strcmp(word, "kill") != 0;
}

struct frame link_receive(void)
{
	struct frame frame = {0};
	char line[64];
	size_t length = 0;
	do {
		if (length == sizeof line - 1)
			fatal("a frame without an end of line");
		receive(line + length, 1);
	} while (line[length++] != '\n');
	line[length] = '\0';
	if (sscanf(line, "%u %7s %lu", &frame.id, frame.word, &frame.number) != 3)
		fatal("a frame that says %s", line);
	if (!carries(frame.word))
		return frame;
	frame.bytes = malloc(frame.number + 1);
	if (frame.bytes == NULL)
		fatal("a frame of %lu bytes", frame.number);
	receive(frame.bytes, frame.number);
	frame.bytes[frame.number] = '\0';
	return frame;
}

static void send(const char *bytes, size_t length)
{
	while (length > 0) {
		const ssize_t done = write(port, bytes, length);
		if (done < 0 && errno != EINTR)
			fatal("writing to the host");
		if (done > 0) {
			bytes += done;
			length -= (size_t)done;
		}
	}
}

void link_send(uint32_t id, const char *word, uint64_t number)
{
	char line[64];
	send(line, (size_t)snprintf(line, sizeof line, "%u %s %lu\n", id, word, number));
}

void link_send_bytes(uint32_t id, const char *word, const void *bytes, size_t length)
{
	link_send(id, word, length);
	send(bytes, length);
}
