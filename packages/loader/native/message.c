/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket: messages in and out. Its end, or anything malformed, ends this process and the Keep with it. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>
#include "helper.h"

#define LIMIT_NONE -1

/* Waits until the socket can be read or written: the loader may have made it non-blocking. */
static void wait_for(short events)
{
	struct pollfd one = {.fd = HELPER_FD_CONTROL, .events = events};
	poll(&one, 1, -1);
}

static void receive_all(void *to, size_t length)
{
	for (size_t done = 0; done < length;) {
		const ssize_t got = read(HELPER_FD_CONTROL, (uint8_t *)to + done, length - done);
		if (got > 0)
			done += (size_t)got;
		else if (got < 0 && errno == EAGAIN)
			wait_for(POLLIN);
		else if (got == 0 && done == 0)
			_exit(0); /* the loader is done with us */
		else if (got == 0 || errno != EINTR)
			_exit(1);
	}
}

/* One message: the header, and its payload in memory that is never freed, because there are few. */
void *message_receive(struct message *header)
{
	receive_all(header, sizeof *header);
	if (header->magic != MESSAGE_MAGIC || header->length > MESSAGE_MAX)
		_exit(1);
	void *payload = calloc(1, header->length + 8);
	if (payload == NULL)
		_exit(1);
	if (header->length > 0)
		receive_all(payload, header->length);
	return payload;
}

void message_send(uint32_t type, uint32_t id, const void *a, size_t a_length, const void *b, size_t b_length)
{
	struct message header = {
		.magic = MESSAGE_MAGIC, .type = type, .length = (uint32_t)(a_length + b_length), .id = id};
	struct iovec parts[] = {{&header, sizeof header}, {(void *)a, a_length}, {(void *)b, b_length}};
	size_t at = 0;
	while (at < 3) {
		if (parts[at].iov_len == 0) {
			at++;
			continue;
		}
		const ssize_t sent = write(HELPER_FD_CONTROL, parts[at].iov_base, parts[at].iov_len);
		if (sent >= 0) {
			parts[at].iov_base = (uint8_t *)parts[at].iov_base + sent;
			parts[at].iov_len -= (size_t)sent;
		} else if (errno == EAGAIN) {
			wait_for(POLLOUT);
		} else if (errno != EINTR) {
			_exit(1);
		}
	}
}

/*
 * What a host sees of the Keep. Hardware returns 0xff for the whole ELRANGE; strict emulation plays that, plain
 * emulation shows the bytes, because it protects nothing. The Keep's memory is read by its descriptor: no protection of the
 * mapping is in the way, and nothing can fault.
 */
static void answer_peek(struct keep_host *host, uint32_t id, const uint8_t *payload, uint32_t length)
{
	struct peek peek;
	if (length != sizeof peek)
		_exit(1);
	memcpy(&peek, payload, sizeof peek);
	if (peek.length > PEEK_MAX || peek.offset > host->start.size || peek.length > host->start.size - peek.offset)
		_exit(1);
	uint8_t *bytes = malloc(peek.length + 1);
	if (bytes == NULL)
		_exit(1);
	const bool hidden = host->start.backend == BACKEND_HARDWARE || is_snp(host) || (host->start.flags & START_STRICT) != 0;
	memset(bytes, 0xff, peek.length);
	if (!hidden && host->base != NULL &&
	    pread(HELPER_FD_MEMORY, bytes, peek.length, (off_t)peek.offset) != (ssize_t)peek.length)
		_exit(1);
	const struct peeked head = {.offset = peek.offset, .length = (uint32_t)peek.length, .hidden = hidden};
	message_send(MESSAGE_PEEKED, id, &head, sizeof head, bytes, peek.length);
	free(bytes);
}

static void send_statistics(struct keep_host *host, uint32_t type, uint32_t id, const void *head, size_t head_length)
{
	static uint8_t bytes[STATISTICS_MAX];
	const size_t length = statistics_write(host, bytes);
	message_send(type, id, head, head_length, bytes, length);
}

static void send_ended(struct keep_host *host)
{
	const struct ending *ending = &host->ending;
	struct ended message = {.ended = ending->ended,
				.status = ending->status,
				.cause = ending->cause,
				.vector = ending->vector,
				.error_code = ending->error_code,
				.address = ending->address,
				.offset = ending->offset};
	memcpy(message.text, ending->text, sizeof message.text);
	send_statistics(host, MESSAGE_ENDED, 0, &message, sizeof message);
}

static void serve_message(struct keep_host *host)
{
	struct message header;
	uint8_t *payload = message_receive(&header);
	switch (header.type) {
	case MESSAGE_PEEK:
		answer_peek(host, header.id, payload, header.length);
		break;
	case MESSAGE_STATS:
		send_statistics(host, MESSAGE_STATISTICS, header.id, NULL, 0);
		break;
	case MESSAGE_DEBUG_READ:
		debug_read(host, header.id, payload, header.length);
		break;
	case MESSAGE_TRACED:
		debug_traced(payload, header.length);
		break;
	case MESSAGE_DEBUG_WRITE:
		debug_write(host, header.id, payload, header.length);
		break;
	case MESSAGE_DEBUG_REGISTERS:
		debug_registers(host, header.id, payload, header.length);
		break;
	case MESSAGE_DEBUG_STOP:
		stops_ask(host);
		break;
	case MESSAGE_DEBUG_GO:
		stops_go(host, payload, header.length);
		break;
	case MESSAGE_ABORT:
		if (!host->over)
			end_killed(host, CAUSE_ABORTED, "%s", "");
		threads_stop(host);
		break;
	default:
		_exit(1);
	}
	free(payload);
}

static int milliseconds_left(const struct keep_host *host)
{
	if (host->start.time_limit_ms == 0 || host->over)
		return LIMIT_NONE;
	/* Read before the clock: the Keep's thread sets it to a time that is then past, and no difference is negative. */
	const uint64_t begun = host->started_ns + __atomic_load_n(&enclave.stats.first_ns, __ATOMIC_ACQUIRE);
	const uint64_t used = (now_ns() - begun) / 1000000;
	return used >= host->start.time_limit_ms ? 0 : (int)(host->start.time_limit_ms - used);
}

/* The helper's first thread, for the rest of its life. */
void control_loop(struct keep_host *host)
{
	bool told = false;
	for (;;) {
		struct pollfd fds[] = {{.fd = HELPER_FD_CONTROL, .events = POLLIN},
				       {.fd = debug_descriptor(), .events = POLLIN},
				       {.fd = enclave.wake_fd, .events = POLLIN}};
		if (host->over && !told) {
			told = true;
			send_ended(host);
		}
		const int ready = poll(fds, told ? 2 : 3, milliseconds_left(host));
		if (ready == 0) {
			end_killed(host, CAUSE_TIME_LIMIT, "after %u ms", host->start.time_limit_ms);
			threads_stop(host);
		}
		if (ready > 0 && fds[1].revents != 0)
			debug_heard(host);
		if (ready > 0 && !told && fds[2].revents != 0) {
			threads_stop(host);
		}
		if (ready > 0 && fds[0].revents != 0)
			serve_message(host);
	}
}
