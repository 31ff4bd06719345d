/* SPDX-License-Identifier: Apache-2.0 */
#include "include/signalfd.h"
#include "include/signal.h"
#include "include/user.h"

#define SI_TIMER (-2)

/* struct signalfd_siginfo. */
struct record {
	uint32_t number;
	int32_t error, code;
	uint32_t pid, uid;
	int32_t fd;
	uint32_t timer, band, overrun, trap;
	int32_t status, value;
	uint64_t pointer, user_time, system_time, address;
	uint16_t address_lsb, reserved_52;
	int32_t call;
	uint64_t call_address;
	uint32_t architecture;
	uint8_t reserved_64[28];
};
_Static_assert(sizeof(struct record) == 128, "signalfd_siginfo");
_Static_assert(__builtin_offsetof(struct record, pointer) == 0x30, "ssi_ptr");
_Static_assert(__builtin_offsetof(struct record, architecture) == 0x60, "ssi_arch");

static uint32_t open_files;

/* Of all of them: any signal is news to each. */
static struct edges edges;

/* The set is the file's position, which nothing else uses, for there is no seeking in it. */
struct file *signalfd_open(uint64_t set, uint32_t flags)
{
	struct file *file = file_new(FILE_SIGNALFD, flags | O_RDWR);

	if (file) {
		file->position = set;
		open_files++;
	}
	return file;
}

void signalfd_close(void)
{
	open_files--;
}

void signalfd_tell(void)
{
	if (open_files == 0)
		return;
	edges.in++;
	wait_changed();
}

void signalfd_change(struct file *file, uint64_t set)
{
	file->position = set;
	signalfd_tell();
}

/* What Linux copies of a siginfo depends on its code: who sent it, which timer, or where a fault was. */
static struct record record_of(const struct siginfo *info)
{
	struct record record = { .number = (uint32_t)info->number, .error = info->error, .code = info->code };

	if (info->code > SI_USER && info->code < SI_KERNEL) {
		record.address = info->address;
		return record;
	}
	if (info->code < SI_USER) {
		record.pointer = info->sender.value;
		record.value = (int32_t)info->sender.value;
	}
	if (info->code == SI_TIMER) {
		record.timer = (uint32_t)info->sender.pid;
		record.overrun = info->sender.uid;
	} else {
		record.pid = (uint32_t)info->sender.pid;
		record.uid = info->sender.uid;
	}
	return record;
}

/* As many as there are and there is room for. */
long signalfd_read(struct file *file, uint64_t to, uint64_t count)
{
	uint64_t done = 0;
	struct siginfo info;

	if (count < sizeof(struct record))
		return -EINVAL;
	while (count - done >= sizeof(struct record) && signal_take(file->position, &info)) {
		struct record record = record_of(&info);

		if (user_put(to + done, &record, sizeof(record))) /* the signal is lost, as in Linux */
			return done ? (long)done : -EFAULT;
		done += sizeof(record);
	}
	return done ? (long)done : -EAGAIN;
}

uint32_t signalfd_ready(const struct file *file)
{
	return signal_pending() & file->position ? POLLIN : 0;
}

struct edges signalfd_edges(void)
{
	return edges;
}
