/* SPDX-License-Identifier: Apache-2.0 */
/* What a shim provides to the generated functions, with a host that lies as told. */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include "hostcall.h"
#include "harness.h"

#define PAGE 4096
#define CANARY 0xc5
#define FRESH 0xee
#define CANARIES 4096
#define ARENA (HOSTCALL_DATA_SIZE + CANARIES)
#define MAX_BUFFERS 6
#define MAX_UNITS (HOSTCALL_BLOCK_SIZE / 8)

/* A buffer lies in an arena between guard pages, at its start or at its end, with canaries on the other side. */
struct buffer {
	unsigned arg;
	size_t size;
	uint8_t *arena;
	uint8_t *at;
	uint8_t *canaries;
};

static struct hostcall call = { .sequence = 0xfffffff0u }; /* wraps during the run */
static jmp_buf refused;
static struct buffer buffers[MAX_BUFFERS];
static unsigned buffer_count;
static unsigned transfers;
static unsigned fault; /* 1: copying the application's data out fails, 2: in */
static int serving;
static uint8_t seen_units[MAX_UNITS];
static uint32_t request_hash;

static struct {
	uint32_t delta;
	uint64_t result;
	uint32_t out_length;
	uint8_t data[HOSTCALL_DATA_SIZE];
	uint8_t header[SIZEOF_HOSTCALL_BLOCK];
	uint8_t changed[SIZEOF_HOSTCALL_BLOCK]; /* 1 where the lie overwrites the header */
} lie;

void keep_refuse(uint32_t reason)
{
	longjmp(refused, (int)reason);
}

/* The block is reached through its own view, so that code which uses the pointer itself dies at once. */
static uint64_t inside_block(const void *untrusted, size_t length)
{
	const uint64_t at = (uint64_t)((const uint8_t *)untrusted - guest_view);

	if (at > HOSTCALL_BLOCK_SIZE || length > HOSTCALL_BLOCK_SIZE - at)
		broken("a copy outside of the block", at);
	if (at % 8 != 0)
		broken("a copy that is not aligned", at);
	return at;
}

static void own_memory(const void *own, size_t length)
{
	const uint8_t *from = own;

	if (from + length > guest_view && from < guest_view + HOSTCALL_BLOCK_SIZE)
		broken("the block given as the Keep's own memory", length);
}

long copy_out(void *untrusted, const void *from, size_t length)
{
	const uint64_t at = inside_block(untrusted, length);

	own_memory(from, length);
	if (transfers > 0)
		broken("the block is written after the answer", at);
	if (fault == 1 && at >= HOSTCALL_DATA_OFFSET)
		return -EFAULT;
	memcpy(block_view + at, from, length);
	memset(block_view + at + length, 0, hostcall_room(length) - length);
	return 0;
}

/* Every unit may be read once: the host changes it right after. */
long copy_in(void *to, const void *untrusted, size_t length)
{
	const uint64_t at = inside_block(untrusted, length);

	own_memory(to, length);
	if (transfers != 1)
		broken("the answer is read before it is there", transfers);
	if (fault == 2 && at >= HOSTCALL_DATA_OFFSET)
		return -EFAULT;
	memcpy(to, block_view + at, length);
	for (uint64_t unit = at / 8; unit < (at + length + 7) / 8; unit++) {
		if (seen_units[unit]++ != 0)
			broken("a unit of the block is fetched twice", unit * 8);
		for (unsigned i = 0; i < 8; i++)
			block_view[unit * 8 + i] ^= 0xff;
	}
	return 0;
}

/* Nothing was written from `from` to `to`: the block was full of FRESH. */
static void untouched(uint64_t from, uint64_t to)
{
	if (from < to && (block_view[from] != FRESH || memcmp(block_view + from, block_view + from + 1, to - from - 1) != 0))
		broken("bytes beside header and data are written", from);
}

static void check_request(void)
{
	const struct hostcall_block *head = (const void *)block_view;
	const uint64_t room = hostcall_room(head->in_length);

	if (head->in_length > HOSTCALL_DATA_SIZE)
		broken("in_length", head->in_length);
	untouched(sizeof(*head), HOSTCALL_DATA_OFFSET);
	untouched(HOSTCALL_DATA_OFFSET + room, HOSTCALL_BLOCK_SIZE);
	if (head->answered == head->sequence)
		broken("a request that answers itself", head->sequence);
	if (head->sequence != call.sequence)
		broken("sequence", head->sequence);
	request_hash = hash(0x811c9dc5u, &head->version, 4);
	request_hash = hash(request_hash, &head->number, 4);
	request_hash = hash(request_hash, &head->arg0, 48);
	request_hash = hash(request_hash, &head->in_length, 4);
	request_hash = hash(request_hash, block_view + HOSTCALL_DATA_OFFSET, room);
}

static int unlocked; /* the call gave up the lock */

void hostcall_transfer(struct hostcall *given)
{
	struct hostcall_block *head = (void *)block_view;

	if (given != &call || transfers++ != 0)
		broken("transfers", transfers);
	check_request();
	if (serving) {
		serve_scripted(block_view, 0);
		return;
	}
	head->answered = call.sequence + lie.delta;
	head->result = lie.result;
	head->out_length = lie.out_length;
	memcpy(block_view + HOSTCALL_DATA_OFFSET, lie.data, HOSTCALL_DATA_SIZE);
	for (unsigned i = 0; i < SIZEOF_HOSTCALL_BLOCK; i++)
		if (lie.changed[i])
			block_view[i] = lie.header[i];
}

void hostcall_unlock(void)
{
	unlocked = 1;
}

/* Whoever waits for the lock may make a call of his own by the same block, if it has no data. */
void hostcall_lock(void)
{
	memset(&call.head, 0xee, sizeof(call.head));
	memset(block_view, 0xee, SIZEOF_HOSTCALL_BLOCK);
	call.sequence++;
}

static uint8_t *make_arena(void)
{
	uint8_t *around = mmap(NULL, ARENA + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (around == MAP_FAILED || mprotect(around + PAGE, ARENA, PROT_READ | PROT_WRITE) != 0)
		broken("no memory", ARENA);
	return around + PAGE;
}

static void make_buffer(struct buffer *buffer)
{
	buffer->arg = (unsigned)token_number();
	buffer->size = token_number();
	const int last = (int)token_number();

	if (buffer->size > HOSTCALL_DATA_SIZE)
		broken("a buffer that is too large", buffer->size);
	if (buffer->arena == NULL)
		buffer->arena = make_arena();
	buffer->at = last ? buffer->arena + ARENA - buffer->size : buffer->arena;
	buffer->canaries = last ? buffer->at - CANARIES : buffer->at + buffer->size;
	memset(buffer->canaries, CANARY, CANARIES);
	token_patches(buffer->at, buffer->size, 1);
}

static void check_canaries(const struct buffer *buffer)
{
	const uint8_t *byte = buffer->canaries;

	if (*byte != CANARY || memcmp(byte, byte + 1, CANARIES - 1) != 0)
		broken("bytes beside a buffer are written", buffer->size);
}

static void read_lie(void)
{
	static uint8_t other[SIZEOF_HOSTCALL_BLOCK];

	lie.delta = (uint32_t)token_number();
	lie.result = token_number();
	lie.out_length = (uint32_t)token_number();
	token_patches(lie.data, sizeof(lie.data), 1);
	memset(lie.header, 0x00, sizeof(lie.header));
	memset(lie.changed, 0, sizeof(lie.changed));
	for (uint64_t n = token_number(); n > 0; n--) {
		const uint64_t at = token_number();

		if (at >= sizeof(lie.header))
			broken("a header patch outside", at);
		const unsigned size = token_bytes(other, (unsigned)(sizeof(lie.header) - at));
		memcpy(lie.header + at, other, size);
		memset(lie.changed + at, 1, size);
	}
}

void guest_case(void)
{
	const unsigned row = (unsigned)token_number();
	uint64_t a[6];
	void *b[6] = { 0 };

	for (unsigned i = 0; i < 6; i++)
		a[i] = token_number();
	buffer_count = (unsigned)token_number();
	if (row >= row_count || buffer_count > MAX_BUFFERS)
		broken("row or buffers", row);
	for (unsigned i = 0; i < buffer_count; i++) {
		make_buffer(&buffers[i]);
		b[buffers[i].arg] = buffers[i].at;
	}
	fault = (unsigned)token_number();
	serving = strcmp(token(), "serve") == 0;
	if (serving)
		script_read();
	else
		read_lie();
	transfers = 0;
	unlocked = 0;
	request_hash = 0;
	memset(seen_units, 0, sizeof(seen_units));
	memset(block_view, FRESH, HOSTCALL_BLOCK_SIZE);
	call.block = (struct hostcall_block *)guest_view;

	const int reason = setjmp(refused);
	if (reason != 0)
		printf("refuse %x", reason);
	else
		printf("return %lx", call_row(row, &call, a, b));
	printf(" %x%s %x", transfers, unlocked ? "u" : "", request_hash);
	for (unsigned i = 0; i < buffer_count; i++) {
		check_canaries(&buffers[i]);
		printf(" %x", hash(0x811c9dc5u, buffers[i].at, buffers[i].size));
	}
	if (serving)
		script_report();
	putchar('\n');
}
