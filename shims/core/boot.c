/* SPDX-License-Identifier: Apache-2.0 */
#include "include/boot.h"
#include <bearssl.h>
#include "include/arguments.h"
#include "include/bytes.h"
#include "include/config_blob.h"
#include "include/exec.h"
#include "include/files.h"
#include "include/fs.h"
#include "include/image.h"
#include "include/linux.h"
#include "include/memory.h"
#include "include/mount_file.h"
#include "include/net.h"
#include "include/platform.h"
#include "include/program.h"
#include "include/task.h"

/* The boot message inside the Keep. */
struct message {
	uint64_t address; /* of the config blob; the host's texts follow */
	uint64_t pages;
	uint32_t config_length;
	struct arguments arguments;
};

static uint64_t pages_for(uint64_t bytes)
{
	return (bytes + PAGE_BYTES - 1) >> PAGE_SHIFT;
}

/* A new mapping at the top of the heap; the Keep ends when there is no room. */
static uint64_t map_new(uint64_t pages)
{
	uint64_t address = memory_find(pages);

	if (address == 0 || memory_map(address, pages, PERM_R | PERM_W))
		keep_refuse(REASON_OUT_OF_MEMORY);
	return address;
}

/* Copies head and body, once each; the lengths that count are the copied head's. */
static void read_message(struct message *message)
{
	struct hostcall *call = platform_call();
	struct boot head;
	uint64_t length;
	const char *texts;

	copy_in(&head, hostcall_data(call, 0), sizeof(head));
	/* None of the three can overflow a sum of 64 bits. */
	length = (uint64_t)head.config_length + head.args_length + head.env_length;
	if (head.magic != BOOT_MAGIC || head.reserved_01c != 0 || head.config_length > CONFIG_MAX ||
	    head.config_length % 8 != 0 || length == 0 || length > HOSTCALL_DATA_SIZE - sizeof(head))
		keep_refuse(REASON_BOOT_MESSAGE);
	length = hostcall_mask(length, HOSTCALL_DATA_SIZE - sizeof(head));
	message->pages = pages_for(length);
	message->address = map_new(message->pages);
	copy_in((void *)message->address, hostcall_data(call, sizeof(head)), length);
	message->config_length = head.config_length;
	texts = (const char *)message->address + head.config_length;
	message->arguments = (struct arguments){
		.blob = (const void *)message->address,
		.args = { texts, head.args_length, head.args_count },
		.env = { texts + head.args_length, head.env_length, head.env_count },
	};
}

/* The digest first: what is not attested is not even parsed. */
static void check_config(const struct message *message)
{
	br_sha256_context context;
	uint8_t digest[br_sha256_SIZE];

	br_sha256_init(&context);
	br_sha256_update(&context, message->arguments.blob, message->config_length);
	br_sha256_out(&context, digest);
	if (!platform_config_is(digest))
		keep_refuse(REASON_CONFIG_DIGEST);
	if (!config_check(message->arguments.blob, message->config_length))
		keep_refuse(REASON_CONFIG_FORMAT);
	arguments_check(&message->arguments);
}

static uint64_t build_stack(const struct message *message, const struct exec *exec)
{
	struct stack stack = { 0 };

	arguments_put(&message->arguments, &stack);
	if (stack_bytes(&stack.size) > program_room() || !program_stack(&stack))
		keep_refuse(REASON_OUT_OF_MEMORY);
	arguments_put(&message->arguments, &stack);
	program_auxiliary(&stack, exec, ((uint64_t *)stack.start)[1]);
	return stack.start;
}

/* A file that nobody serves would be missed in the midst of the program. */
static void refuse_records(const void *blob, unsigned type)
{
	struct config_value record = { 0 };

	while (config_next(blob, &record))
		if (record.type == type)
			keep_refuse(REASON_CONFIG_FORMAT);
}

static unsigned perms_of(uint32_t flags)
{
	return (flags & PF_R ? PERM_R : 0) | (flags & PF_W ? PERM_W : 0) | (flags & PF_X ? PERM_X : 0);
}

void boot_adopt(const struct exec *exec, struct span room)
{
	const struct elf64_phdr *phdr = (const struct elf64_phdr *)exec->phdr;

	for (uint64_t i = 0; i < exec->phnum; i++) {
		unsigned perms = perms_of(phdr[i].p_flags);
		uint64_t first, end;

		if (phdr[i].p_type != PT_LOAD || phdr[i].p_memsz == 0)
			continue;
		if (perms == 0 || __builtin_add_overflow(phdr[i].p_vaddr, phdr[i].p_memsz, &end) || end > room.end - room.start)
			keep_refuse(REASON_KEEP_INFO);
		first = phdr[i].p_vaddr >> PAGE_SHIFT;
		end = (end + PAGE_BYTES - 1) >> PAGE_SHIFT;
		memory_adopt(room.start + (first << PAGE_SHIFT), end - first, perms);
	}
}

uint64_t boot_exec(const struct exec *exec)
{
	const struct config_header *header;
	struct message message;
	uint64_t stack;

	read_message(&message);
	check_config(&message);
	header = message.arguments.blob;
	/* The plan was made for this very configuration. */
	if (header->memory != exec->heap || header->threads != exec->threads)
		keep_refuse(REASON_KEEP_INFO);
	task_boot(exec->threads);
	if (SOCKETS)
		net_start(message.arguments.blob);
	files_start(header->flags & CONFIG_FLAG_STDIN_NULL);
	if (EXECS)
		exec_start(header->flags);
	if (IMAGES) { /* first, for grants may be within its directories */
		image_start(header);
		fs_find_program();
	} else {
		refuse_records(header, CONFIG_TYPE_IMAGE);
	}
	if (SHIM_MOUNTS)
		mount_start(header);
	else
		refuse_records(header, CONFIG_TYPE_FILE);
	stack = build_stack(&message, exec);
	if (memory_unmap(message.address, message.pages))
		keep_refuse(REASON_OUT_OF_MEMORY);
	if (((const char **)stack)[1]) /* after the count of arguments, the first */
		task_name(((const char **)stack)[1]);
	if (FS_OPENS)
		fs_program(stack, exec->threads);
	return stack;
}
