/* SPDX-License-Identifier: Apache-2.0 */
#include "include/exec.h"
#include "include/bytes.h"
#include "include/files.h"
#include "include/memory.h"
#include "include/pages.h"
#include "include/platform.h"
#include "include/program.h"
#include "include/signal.h"
#include "include/task.h"
#include "include/timer.h"
#include "include/view.h"

static void put_texts(const struct exec_texts *texts, struct stack *stack)
{
	texts_put(&texts->args, stack, &stack->size.args);
	stack_end_list(stack);
	texts_put(&texts->env, stack, &stack->size.env);
	stack_end_list(stack);
}

static bool load_segment(struct file *file, const struct elf64_phdr *part, uint64_t base)
{
	uint64_t to = base + part->p_vaddr, first = to & ~(PAGE_BYTES - 1);
	uint64_t pages = pages_of(to + part->p_memsz - first), offset = part->p_offset, left = part->p_filesz;
	unsigned perms = (part->p_flags & PF_W ? PERM_W : 0) | (part->p_flags & PF_X ? PERM_X : 0) |
			 (part->p_flags & PF_R ? PERM_R : 0);

	if (memory_map(first, pages, PERM_R | PERM_W) || memory_touch(to, left, PERM_R | PERM_W))
		return false;
	while (left != 0) {
		long got = file_read(file, to, left, (int64_t)offset, true);

		if (got <= 0)
			return false; /* shorter than it was */
		to += (uint64_t)got;
		offset += (uint64_t)got;
		left -= (uint64_t)got;
	}
	return memory_protect(first, pages, perms) == 0;
}

static bool load(struct file *file, const struct exec_image *image, struct exec *exec)
{
	uint64_t room = memory_find((image->end - image->start + image->align) >> PAGE_SHIFT), base;
	/* The first page's place in what is aligned, so that `base` is a multiple of the alignment. */
	uint64_t least = room - image->start;

	if (room == 0)
		return false;
	base = (least + image->align - 1) & ~(image->align - 1);
	for (uint32_t i = 0; i < image->count; i++) {
		const struct elf64_phdr *part = &image->headers[i];

		if (part->p_type == PT_LOAD && part->p_memsz != 0 && !load_segment(file, part, base))
			return false;
	}
	exec->entry = base + image->entry;
	exec->phdr = base + image->phdr;
	exec->phnum = image->count;
	return true;
}

/* All that was the old program's, but for what Linux, too, hands on. */
static void end_program(void)
{
	if (SHIM_THREADS)
		task_end_others();
	view_remove(0, USER_END >> PAGE_SHIFT);
	memory_forget();
	signal_reset();
#ifdef SHIM_HAS_TIMERS
	timers_delete();
#endif
	files_exec();
}

long exec_replace(struct file *file, const struct exec_texts *texts, const struct exec_image *image, struct exec *exec,
		  uint64_t *stack)
{
	uint64_t name = strlen(texts->name) + 1;
	struct stack start = { .size.texts = name };

	put_texts(texts, &start);
	if (stack_bytes(&start.size) > program_room())
		return -E2BIG;
	if ((image->end - image->start) >> PAGE_SHIFT > memory_heap_pages())
		return -ENOMEM;
	end_program();
	if (!load(file, image, exec) || !program_stack(&start))
		keep_end(SIGKILL);
	put_texts(texts, &start);
	program_auxiliary(&start, exec, stack_blob(&start, texts->name, name));
	*stack = start.start;
	return 0;
}
