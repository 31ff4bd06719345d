/* SPDX-License-Identifier: Apache-2.0 */
/*
 * execve(): another program in this one's place (docs/adr/0022). Nothing is changed before the file, the arguments and the
 * room for them were found good; from then on there is no way back, and what fails ends the Keep with SIGKILL, as Linux
 * does it.
 */
#ifndef MOTTE_EXEC_H
#define MOTTE_EXEC_H

#include <stdbool.h>
#include <stdint.h>
#include "arguments.h"
#include "boot.h"
#include "file.h"
#include "linux.h"
#include "shim_config.h"

#if SHIM_FILES && (SHIM_HAS_SYS_execve || SHIM_HAS_SYS_execveat)
#define EXECS 1
#else
#define EXECS 0
#endif

/* ---- exec_file.c ---- */

/* What the config blob's flags permit. */
void exec_start(uint32_t flags);

/* Whether the file may be run: 0, -EACCES, -ETXTBSY. */
long exec_check(struct file *file);

/* Copies bytes of the file to the shim's memory: how many, or an error. */
long exec_get(struct file *file, void *to, uint64_t length, uint64_t at);

/* ---- exec_elf.c ---- */

#define EXEC_HEADERS 64

/* An ELF file that was checked. Addresses are the file's, from 0 on. */
struct exec_image {
	uint64_t entry;
	uint64_t start, end; /* whole pages */
	uint64_t align;
	uint64_t phdr;       /* where its program headers are loaded */
	uint32_t count;
	struct elf64_phdr headers[EXEC_HEADERS];
};

/* 0, -ENOEXEC when a Keep cannot run the file, or what reading it gave. */
long exec_read(struct file *file, struct exec_image *image);

/* ---- exec_texts.c: the shim's own copies of arguments, environment and name ---- */

struct exec_texts {
	uint64_t memory, pages; /* taken */
	uint64_t end;           /* of what is written */
	struct host_texts args, env;
	char name[PATH_MAX + 32]; /* AT_EXECFN */
};

/* Copies two lists of the application: 0, -EFAULT, -E2BIG or -ENOMEM. exec_texts_put() is due in any case. */
long exec_texts_get(struct exec_texts *texts, uint64_t args, uint64_t env);
void exec_texts_put(struct exec_texts *texts);

/* What an interpreter gets: its name, its argument if there is one, and the script instead of argv[0]. 0 or -E2BIG. */
long exec_texts_interpret(struct exec_texts *texts, const char *script, const char *interpreter, const char *argument);

/* ---- exec_script.c ---- */

#define SCRIPT_LINE 256

/* What a file's first line names after `#!`. */
struct exec_script {
	char line[SCRIPT_LINE + 1];
	const char *interpreter;
	const char *argument; /* NULL: none */
};

/* 1 when the file is a script, 0 when it is none, -ENOEXEC when its line names nothing. */
long exec_read_script(struct file *file, struct exec_script *script);

/* ---- exec.c ---- */

/* An error, and nothing has been changed; or 0, and all there is is the new program: where it starts, and its stack. */
long exec_replace(struct file *file, const struct exec_texts *texts, const struct exec_image *image, struct exec *exec,
		  uint64_t *stack);

#endif
