/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Debug Keeps (ATTRIBUTES.DEBUG): their memory, which the CPU lets the host read, and what a shim with the switch `debug` tells.
 * The loader decides what is made of it; a thread of the Keep that told something waits here until the loader has heard.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "helper.h"
#include "hostcall_host.h"

enum told { FREE, TAKEN, ASKED, ANSWERED };

/* One at a time: the loader hears one after the other anyway. */
static struct {
	uint32_t state;
	uint32_t answer;
	bool sent;	/* to the loader; the bell rings for more than this */
	struct trace head;
	struct trace_event event;
} told;

static int heard_fd = -1;	/* an eventfd: something was told */
static int own_memory = -1;	/* /proc/self/mem, where the driver answers with EDBGRD */

/* Before the process gives up what opening takes. */
bool debug_open(void)
{
	heard_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	own_memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	return heard_fd >= 0;
}

/* Only hardware needs it, and only a debug Keep may have it. */
void debug_settle(const struct keep_host *host)
{
	if (own_memory >= 0 && (host->start.backend != BACKEND_HARDWARE || (host->start.flags & START_TRACE) == 0)) {
		close(own_memory);
		own_memory = -1;
	}
}

int debug_descriptor(void)
{
	return heard_fd;
}

/* ---- on a thread of the Keep: no libc, whose functions want its FS base ---- */

static void wait_while(uint32_t state)
{
	if (__atomic_load_n(&told.state, __ATOMIC_ACQUIRE) == state)
		sys(SYS_futex, (long)&told.state, FUTEX_WAIT_PRIVATE, state, 0);
}

static void change(uint32_t state)
{
	__atomic_store_n(&told.state, state, __ATOMIC_RELEASE);
	sys(SYS_futex, (long)&told.state, FUTEX_WAKE_PRIVATE, 0x7fffffff, 0);
}

static bool take(void)
{
	for (;;) {
		uint32_t free = FREE;
		if (__atomic_compare_exchange_n(&told.state, &free, TAKEN, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return true;
		if (enclave.stop)
			return false;
		wait_while(free);
	}
}

/* The control thread has something to look at. */
void debug_ring(void)
{
	const uint64_t one = 1;
	sys(SYS_write, heard_fd, (long)&one, sizeof one, 0);
}

long serve_trace(struct keep_host *host, uint32_t phase, uint32_t tid, const void *event)
{
	long answer = TRACE_MUTE;
	if (phase == TRACE_STOPS)
		return is_vm(host) && vm_stops_take(&host->threads[cpu_self()->index], ((const struct trace_event *)event)->number)
			       ? TRACE_GO_ON
			       : TRACE_MUTE;
	if ((host->start.flags & START_TRACE) == 0 || !take())
		return TRACE_MUTE;
	told.head = (struct trace){.phase = phase, .tid = tid};
	told.sent = false;
	copy(&told.event, event, sizeof told.event);
	change(ASKED);
	debug_ring();
	while (__atomic_load_n(&told.state, __ATOMIC_ACQUIRE) == ASKED && !enclave.stop)
		wait_while(ASKED);
	if (__atomic_load_n(&told.state, __ATOMIC_ACQUIRE) == ANSWERED)
		answer = told.answer;
	change(FREE);
	return answer;
}

/* ---- on the control thread ---- */

void debug_heard(struct keep_host *host)
{
	uint64_t count;
	if (read(heard_fd, &count, sizeof count) != sizeof count)
		return;
	if (__atomic_load_n(&told.state, __ATOMIC_ACQUIRE) == ASKED && !told.sent) {
		told.sent = true;
		message_send(MESSAGE_TRACE, 0, &told.head, sizeof told.head, &told.event, sizeof told.event);
	}
	stops_heard(host);
}

void debug_traced(const uint8_t *payload, uint32_t length)
{
	struct traced traced;
	if (length != sizeof traced)
		_exit(1);
	memcpy(&traced, payload, sizeof traced);
	if (__atomic_load_n(&told.state, __ATOMIC_ACQUIRE) != ASKED)
		return; /* the Keep was ended meanwhile */
	told.answer = traced.answer == TRACE_GO_ON ? TRACE_GO_ON : TRACE_MUTE;
	change(ANSWERED);
}

/* EDBGRD refuses a page that is not there, or that the Keep has not accepted yet. */
static bool is_readable(uint64_t offset)
{
	const struct epcm_entry *entry = &enclave.epcm[offset / PAGE];
	return (entry->flags & (EPCM_VALID | EPCM_PENDING | EPCM_MODIFIED)) == EPCM_VALID &&
	       (entry->type == PT_REG || entry->type == PT_TCS);
}

static uint64_t read_emulated(uint8_t *to, uint64_t offset, uint64_t length)
{
	uint64_t done = 0;
	while (done < length && (enclave.secs->attributes & ATTR_DEBUG) != 0 && is_readable(offset + done)) {
		const uint64_t left = PAGE - (offset + done) % PAGE;
		const uint64_t part = left < length - done ? left : length - done;
		if (pread(HELPER_FD_MEMORY, to + done, part, (off_t)(offset + done)) != (ssize_t)part)
			break;
		done += part;
	}
	return done;
}

/* The driver reads by EDBGRD where /proc/PID/mem cannot: a page at a time, since it says nothing of where it stopped. */
static uint64_t read_hardware(const struct keep_host *host, uint8_t *to, uint64_t offset, uint64_t length)
{
	uint64_t done = 0;
	while (done < length && own_memory >= 0) {
		const uint64_t left = PAGE - (offset + done) % PAGE;
		const uint64_t part = left < length - done ? left : length - done;
		const ssize_t got = pread(own_memory, to + done, part, (off_t)((uint64_t)host->base + offset + done));
		if (got != (ssize_t)part)
			break;
		done += part;
	}
	return done;
}

static uint64_t read_memory(const struct keep_host *host, uint8_t *to, uint64_t offset, uint64_t length)
{
	if (host->base == NULL)
		return 0;
	switch (host->start.backend) {
	case BACKEND_SNP: /* not a byte of it */
		return 0;
	case BACKEND_HARDWARE:
		return read_hardware(host, to, offset, length);
	case BACKEND_KVM:
	case BACKEND_SNP_SIMULATED:
		return vm_read(host, to, host->start.base + offset, length);
	default:
		return read_emulated(to, offset, length);
	}
}

void debug_read(const struct keep_host *host, uint32_t id, const uint8_t *payload, uint32_t length)
{
	struct debug_read request;
	if (length != sizeof request)
		_exit(1);
	memcpy(&request, payload, sizeof request);
	/* The heap of a VM-based Keep has virtual addresses beyond its memory. */
	if (request.length > PEEK_MAX ||
	    (!is_vm(host) &&
	     (request.offset > host->start.size || request.length > host->start.size - request.offset)))
		_exit(1);
	uint8_t *bytes = malloc(request.length + 1);
	if (bytes == NULL)
		_exit(1);
	const uint64_t got = read_memory(host, bytes, request.offset, request.length);
	const struct debug_bytes head = {.offset = request.offset, .length = (uint32_t)got};
	message_send(MESSAGE_DEBUG_BYTES, id, &head, sizeof head, bytes, got);
	free(bytes);
}

/* EDBGWR writes whatever EPCM and mapping permit the Keep; of a TCS no more than its flags, which nobody here needs. */
static bool is_writable(uint64_t offset)
{
	return is_readable(offset) && enclave.epcm[offset / PAGE].type == PT_REG;
}

static uint64_t write_emulated(uint64_t offset, const uint8_t *from, uint64_t length)
{
	uint64_t done = 0;
	while (done < length && (enclave.secs->attributes & ATTR_DEBUG) != 0 && is_writable(offset + done)) {
		const uint64_t left = PAGE - (offset + done) % PAGE;
		const uint64_t part = left < length - done ? left : length - done;
		memcpy(enclave.memory + offset + done, from + done, part);
		done += part;
	}
	return done;
}

void debug_write(const struct keep_host *host, uint32_t id, uint8_t *payload, uint32_t length)
{
	struct debug_write request;
	if (length < sizeof request)
		_exit(1);
	memcpy(&request, payload, sizeof request);
	if (request.length > PEEK_MAX || request.length != length - sizeof request ||
	    (!is_vm(host) && (request.offset > host->start.size || request.length > host->start.size - request.offset)))
		_exit(1);
	uint64_t done = 0;
	if (host->base != NULL && host->start.backend == BACKEND_EMULATED)
		done = write_emulated(request.offset, payload + sizeof request, request.length);
	else if (host->base != NULL && host->debugged)
		done = vm_write(host, host->start.base + request.offset, payload + sizeof request, request.length);
	const struct debug_written answer = {.offset = request.offset, .length = (uint32_t)done};
	message_send(MESSAGE_DEBUG_WRITTEN, id, &answer, sizeof answer, NULL, 0);
}

/* Of a thread that stands still in a VM: what its registers are, or, with their bytes, are to be. */
void debug_registers(const struct keep_host *host, uint32_t id, const uint8_t *payload, uint32_t length)
{
	struct debug_registers request;
	struct debug_state state = {0};
	struct debug_registers_are answer = {.where = REGISTERS_IN_NONE};
	if (length != sizeof request && length != sizeof request + sizeof state)
		_exit(1);
	memcpy(&request, payload, sizeof request);
	if (!is_vm(host) || !host->debugged || request.thread >= host->start.tcs_count)
		_exit(1);
	if (host->threads != NULL && stops_standing(host)) {
		if (length != sizeof request)
			memcpy(&state, payload + sizeof request, sizeof state);
		if (length == sizeof request || vm_state_put(host, request.thread, &state))
			answer.where = vm_state_get(host, request.thread, &state);
	}
	message_send(MESSAGE_DEBUG_REGISTERS_ARE, id, &answer, sizeof answer, &state, sizeof state);
}
