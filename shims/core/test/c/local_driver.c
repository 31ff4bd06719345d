/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets of AF_UNIX, driven by commands on standard input, a line each; a line comes back for each. Nothing waits: every
 * socket is O_NONBLOCK. A line `begin` closes all, which must leave nothing, and starts anew.
 */
#include <string.h>
#include "../../include/files.h"
#include "../../include/fs.h"
#include "../../include/heap.h"
#include "../../include/local_socket.h"
#include "local_world.h"
#include "model.h"

static uint8_t buffer[1 << 18];
static uint8_t next_byte;

static char *word(char **line)
{
	return strsep(line, " ");
}

static long number(char **line)
{
	return strtol(word(line), NULL, 0);
}

/* `@x` is an abstract name, `-` none at all, `!` one of no family. */
static uint64_t address(const char *text, uint8_t to[2 + LOCAL_PATH])
{
	size_t length = strlen(text);

	memset(to, 0, 2 + LOCAL_PATH);
	to[0] = text[0] == '!' ? AF_UNSPEC : AF_UNIX;
	if (text[0] == '-' || text[0] == '!')
		return 2;
	memcpy(to + 2, text, length);
	if (text[0] != '@')
		return 2 + length + 1;
	to[2] = 0;
	return 2 + length;
}

/* A number that nobody chose is as good as another. */
static void put_name(const uint8_t *name, uint32_t length)
{
	if (length <= 2)
		printf(" -");
	else if (name[2])
		printf(" %s", (const char *)name + 2);
	else
		printf(" @%.*s", length == 8 ? 0 : (int)length - 3, (const char *)name + 3);
}

static void put_sum(uint64_t count)
{
	uint32_t sum = 1;

	for (uint64_t i = 0; i < count; i++)
		sum = sum * 31 + buffer[i];
	printf(" %u", sum);
}

static struct file *take_slot(long slot)
{
	struct file *file = slots[slot];

	slots[slot] = NULL;
	return file;
}

static long make(char **line)
{
	long slot = number(line), type = number(line);

	if (slots[slot])
		(void)file_drop(take_slot(slot));
	slots[slot] = local_open((uint32_t)type, 0);
	return slots[slot] ? 0 : -ENOMEM;
}

static long make_pair(char **line)
{
	long one = number(line), two = number(line), type = number(line);

	for (int i = 0; i < 2; i++)
		if (slots[i ? two : one])
			(void)file_drop(take_slot(i ? two : one));
	slots[one] = local_open((uint32_t)type, 0);
	slots[two] = slots[one] ? local_open((uint32_t)type, 0) : NULL;
	if (slots[two]) {
		local_pair(slots[one], slots[two]);
		return 0;
	}
	if (slots[one])
		(void)file_drop(take_slot(one));
	return -ENOMEM;
}

static long do_accept(struct file *file, char **line)
{
	long slot = number(line), error;
	struct file *accepted;

	error = local_accept(file, &accepted);
	if (error)
		return error;
	accepted->flags |= O_NONBLOCK;
	if (slots[slot])
		(void)file_drop(take_slot(slot));
	slots[slot] = accepted;
	return 0;
}

/* COUNT FLAGS NAME SLOT...: the slots' files go along. */
static long do_send(struct file *file, char **line)
{
	uint64_t count = (uint64_t)number(line);
	uint32_t flags = (uint32_t)number(line);
	uint8_t name[2 + LOCAL_PATH];
	char *to = word(line);
	uint64_t length = to[0] == '-' ? 0 : address(to, name);
	struct run run = run_of((uint64_t)buffer, count);
	struct local_extra extra = { 0 };
	long result;

	while (*line && **line) {
		struct file *passed = files_get((uint64_t)number(line));

		if (!passed)
			continue;
		if (!extra.rights)
			extra.rights = heap_get(sizeof(*extra.rights));
		CHECK(extra.rights);
		extra.rights->files[extra.rights->count++] = passed;
	}
	for (uint64_t i = 0; i < count; i++)
		buffer[i] = (uint8_t)(next_byte + i);
	result = local_send(file, &run, count, flags, length ? (uint64_t)name : 0, length, &extra);
	local_drop_extra(&extra);
	if (result > 0)
		next_byte = (uint8_t)(next_byte + result);
	return result;
}

/* COUNT FLAGS: the bytes' sum, the sender's name, what was said beside, and the slots of what came along. */
static long do_receive(struct file *file, char **line)
{
	uint8_t control[2048] = { 0 }, name[2 + LOCAL_PATH + 1] = { 0 };
	uint64_t count = (uint64_t)number(line), left = sizeof(control);
	uint32_t flags = (uint32_t)number(line), said = 0, length = 2 + LOCAL_PATH;
	struct run run = run_of((uint64_t)buffer, count);
	struct local_got got;
	long result = local_receive(file, &run, count, flags, &got);

	if (result >= 0) {
		put_sum((uint64_t)result < count ? (uint64_t)result : count);
		CHECK(local_scm_put(file, &got, (uint64_t)control, &left, &said) == 0);
		CHECK(local_name_put(got.name, false, (uint64_t)name, (uint64_t)&length) == 0);
		put_name(name, length);
		printf(" %d%d%d", got.cut, got.record, (said & MSG_CTRUNC) != 0);
		for (uint64_t i = 16; left > 16 && i < *(uint64_t *)control; i += 4)
			printf(" %d", *(int32_t *)(control + i));
	}
	local_drop_got(&got);
	return result;
}

static void say_name(struct file *file, bool peer)
{
	uint8_t name[2 + LOCAL_PATH + 1] = { 0 };
	uint32_t length = 2 + LOCAL_PATH;
	long error = local_tell_name(file, peer, (uint64_t)name, (uint64_t)&length);

	if (error)
		printf(" %ld", error);
	else
		put_name(name, length);
}

static long with_file(struct file *file, char command, char **line)
{
	uint8_t name[2 + LOCAL_PATH];
	int32_t value;

	switch (command) {
	case 'b':
		return local_bind(file, (uint64_t)name, address(word(line), name));
	case 'l':
		return local_listen(file, (uint32_t)number(line));
	case 'C':
		return local_connect(file, (uint64_t)name, address(word(line), name));
	case 'a':
		return do_accept(file, line);
	case 'w':
		return do_send(file, line);
	case 'r':
		return do_receive(file, line);
	case 'h':
		return local_shutdown(file, (uint32_t)number(line));
	case 'o':
		value = (int32_t)number(line);
		return local_set_option(file, SOL_SOCKET, SO_SNDBUF, (uint64_t)&value, sizeof(value));
	case 'k':
		value = (int32_t)number(line);
		return local_set_option(file, SOL_SOCKET, SO_PEEK_OFF, (uint64_t)&value, sizeof(value));
	case 'q':
		value = -1;
		return local_control(file, FIONREAD, (uint64_t)&value) ? -EINVAL : value;
	case 'e':
		return -local_take_error(file->local);
	case 'p':
		return (long)local_ready(file);
	case 'n':
		say_name(file, false);
		say_name(file, true);
		return 0;
	default:
		CHECK(false);
	}
}

/* How many sockets there are, files under way, and bytes in queues: after each command, so that nothing is kept. */
static void say_state(void)
{
	uint64_t bytes = 0;
	unsigned count = 0;

	for (const struct local *local = local_first(); local; local = local->next) {
		count++;
		bytes += local->used;
	}
	printf(" / %u %u %lu\n", count, local_in_flight(), bytes);
}

static long run_line(char *line)
{
	char *at = line, command = word(&at)[0];
	struct file *file;
	long slot, result;

	switch (command) {
	case 's':
		return make(&at);
	case 'P':
		return make_pair(&at);
	case 'u':
		return fs_remove(NULL, word(&at), false);
	default:
		break;
	}
	slot = number(&at);
	if (!slots[slot])
		return -EBADF;
	if (command == 'c')
		return file_drop(take_slot(slot));
	if (command == 'd') {
		long other = number(&at);

		file = file_hold(slots[slot]);
		if (slots[other])
			(void)file_drop(take_slot(other));
		slots[other] = file;
		return 0;
	}
	file = file_hold(slots[slot]);
	result = with_file(file, command, &at);
	(void)file_drop(file);
	return result;
}

/* All is closed: nothing is left. */
static void end(void)
{
	for (int i = 0; i < SLOTS; i++)
		if (slots[i])
			(void)file_drop(take_slot(i));
	CHECK(objects == 0 && bytes_held == 0 && local_in_flight() == 0);
	world_forget();
}

int main(void)
{
	static char line[512];
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = 0;
		if (strcmp(line, "begin") == 0) {
			end();
			next_byte = 0;
			printf("begin %zu %zu\n", sizeof(struct local_message), sizeof(struct local_rights));
			continue;
		}
		printf(" = %ld", run_line(line));
		say_state();
	}
	end();
	return 0;
}
