/* SPDX-License-Identifier: Apache-2.0 */
/* Writing what /proc says, and what is about the Keep as a whole. */
#include "../include/bytes.h"
#include "../include/clock.h"
#include "../include/memory.h"
#include "../include/platform.h"
#include "../include/proc.h"
#include "../include/random.h"

#define KIB_OF_PAGE (PAGE_BYTES / 1024)

void text_bytes(struct fs_node *file, const void *bytes, size_t length)
{
	(void)data_write(&file->data, (uint64_t)bytes, length, file->data.size);
}

void text_put(struct fs_node *file, const char *text)
{
	text_bytes(file, text, strlen(text));
}

void text_number(struct fs_node *file, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + number % 10);
	while (number /= 10);
	text_bytes(file, digits + at, sizeof(digits) - at);
}

/* At least as many digits. */
void text_hex(struct fs_node *file, uint64_t number, unsigned digits)
{
	char text[16];
	size_t at = sizeof(text);

	while (at > 0 && (number || sizeof(text) - at < digits)) {
		text[--at] = "0123456789abcdef"[number % 16];
		number /= 16;
	}
	text_bytes(file, text + at, sizeof(text) - at);
}

/* What is mapped is not known to be used, so what is free is what is not. */
static void meminfo(struct fs_node *file)
{
	static const char *const names[] = { "MemTotal:       ", "MemFree:        ", "MemAvailable:   " };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		text_put(file, names[i]);
		text_number(file, (memory_heap_pages() - (i ? page_count() : 0)) * KIB_OF_PAGE);
		text_put(file, " kB\n");
	}
	text_put(file, "Buffers:        0 kB\nCached:         0 kB\nSwapTotal:      0 kB\nSwapFree:       0 kB\n");
}

static void cpuinfo(struct fs_node *file)
{
	for (uint64_t i = 0; i < proc_threads(); i++) {
		text_put(file, "processor\t: ");
		text_number(file, i);
		text_put(file, "\nphysical id\t: 0\ncore id\t\t: ");
		text_number(file, i);
		text_put(file, "\n\n");
	}
}

static void cpu_times(struct fs_node *file)
{
	text_put(file, "cpu  0 0 0 0 0 0 0 0 0 0\n");
	for (uint64_t i = 0; i < proc_threads(); i++) {
		text_put(file, "cpu");
		text_number(file, i);
		text_put(file, " 0 0 0 0 0 0 0 0 0 0\n");
	}
}

static void cpu_list(struct fs_node *file)
{
	text_put(file, "0");
	if (proc_threads() > 1) {
		text_put(file, "-");
		text_number(file, proc_threads() - 1);
	}
	text_put(file, "\n");
}

static void uptime(struct fs_node *file)
{
	struct timespec now = { 0 };

	(void)clock_read(CLOCK_MONOTONIC, &now);
	text_number(file, (uint64_t)now.tv_sec);
	text_put(file, ".00 0.00\n");
}

static void uuid(struct fs_node *file)
{
	uint8_t bytes[16];

	random_bytes(bytes, sizeof(bytes));
	bytes[6] = (bytes[6] & 0x0f) | 0x40; /* version 4 */
	bytes[8] = (bytes[8] & 0x3f) | 0x80; /* of RFC 4122 */
	for (size_t i = 0; i < sizeof(bytes); i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			text_put(file, "-");
		text_hex(file, bytes[i], 2);
	}
	text_put(file, "\n");
}

struct fs_node *proc_file(const struct fs_node *node)
{
	struct fs_node *file = node_make(FS_FILE, node->mode);

	if (!file)
		return NULL;
	switch (node->text.what) {
	case PROC_FIXED:
		text_put(file, node->text.fixed);
		break;
	case PROC_MEMINFO:
		meminfo(file);
		break;
	case PROC_CPUINFO:
		cpuinfo(file);
		break;
	case PROC_CPUS:
		cpu_times(file);
		break;
	case PROC_CPU_LIST:
		cpu_list(file);
		break;
	case PROC_UPTIME:
		uptime(file);
		break;
	case PROC_UUID:
		uuid(file);
		break;
	default:
		proc_process(file, node->text.what);
		break;
	}
	return file;
}
