/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which files a Keep can run: what packages/elf/src/exec.ts checks of the first program, but for the targets of its
 * relocations. The program applies them itself, to pages that permit no more than is checked here.
 */
#include "include/bytes.h"
#include "include/exec.h"
#include "include/memory.h"
#include "include/platform.h"

#define ET_DYN 3
#define EM_X86_64 62
#define PT_NULL 0
#define PT_DYNAMIC 2
#define PT_INTERP 3
#define PT_PHDR 6
#define PT_TLS 7
#define PT_GNU_STACK 0x6474e551
#define PT_GNU_RELRO 0x6474e552
#define DT_NULL 0
#define DT_NEEDED 1
#define DT_TEXTREL 22
#define DT_FLAGS 30
#define DF_TEXTREL 4
#define ALIGN_MOST 0x200000
/* Static PIEs have about thirty. */
#define DYNAMIC_MOST 128

struct elf64_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
_Static_assert(sizeof(struct elf64_header) == 64, "elf64_header");

/* ELFCLASS64, ELFDATA2LSB, EV_CURRENT */
static const uint8_t ident[] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };

/* All of a range of the file, or -ENOEXEC. */
static long read_all(struct file *file, void *to, uint64_t length, uint64_t at)
{
	long got = exec_get(file, to, length, at);

	return got < 0 ? got : (uint64_t)got == length ? 0 : -ENOEXEC;
}

static const struct elf64_phdr *find(const struct exec_image *image, uint32_t type)
{
	for (uint32_t i = 0; i < image->count; i++)
		if (image->headers[i].p_type == type)
			return &image->headers[i];
	return NULL;
}

static bool is_single(const struct exec_image *image, uint32_t type)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < image->count; i++)
		count += image->headers[i].p_type == type;
	return count <= 1;
}

/* The PT_LOAD whose memory has all of a range. */
static const struct elf64_phdr *load_at(const struct exec_image *image, uint64_t address, uint64_t length)
{
	for (uint32_t i = 0; i < image->count; i++) {
		const struct elf64_phdr *load = &image->headers[i];

		if (load->p_type == PT_LOAD && address >= load->p_vaddr && length <= load->p_memsz &&
		    address - load->p_vaddr <= load->p_memsz - length)
			return load;
	}
	return NULL;
}

/* What the program looks at by its address is what the file has at its offset. */
static bool is_loaded(const struct exec_image *image, const struct elf64_phdr *part)
{
	const struct elf64_phdr *load = load_at(image, part->p_vaddr, part->p_filesz ? part->p_filesz : 1);
	uint64_t apart = load ? part->p_vaddr - load->p_vaddr : 0;

	if (!load)
		return false;
	return part->p_filesz == 0 || (part->p_offset - load->p_offset == apart && apart <= load->p_filesz &&
				       part->p_filesz <= load->p_filesz - apart);
}

static bool is_sane(const struct elf64_phdr *part, uint64_t size)
{
	uint64_t end;

	if (part->p_filesz > part->p_memsz || __builtin_add_overflow(part->p_vaddr, part->p_memsz, &end))
		return false;
	if (part->p_filesz != 0 && (part->p_offset > size || part->p_filesz > size - part->p_offset))
		return false;
	return (part->p_align & (part->p_align - 1)) == 0;
}

static bool is_load(const struct elf64_phdr *load)
{
	if (!(load->p_flags & (PF_R | PF_W | PF_X)))
		return false;
	if ((load->p_flags & PF_W) && ((load->p_flags & PF_X) || !(load->p_flags & PF_R)))
		return false;
	if (load->p_align < PAGE_BYTES || load->p_align > ALIGN_MOST || load->p_vaddr + load->p_memsz > USER_END)
		return false;
	return (load->p_vaddr - load->p_offset) % load->p_align == 0;
}

/* Segments that become pages, ascending, no two on one page. */
static bool check_loads(struct exec_image *image)
{
	image->start = UINT64_MAX;
	image->align = PAGE_BYTES;
	for (uint32_t i = 0; i < image->count; i++) {
		const struct elf64_phdr *load = &image->headers[i];

		if (load->p_type != PT_LOAD || load->p_memsz == 0)
			continue;
		if (!is_load(load) || (image->start != UINT64_MAX && (load->p_vaddr & ~(PAGE_BYTES - 1)) < image->end))
			return false;
		if (image->start == UINT64_MAX)
			image->start = load->p_vaddr & ~(PAGE_BYTES - 1);
		image->end = (load->p_vaddr + load->p_memsz + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1);
		if (load->p_align > image->align)
			image->align = load->p_align;
	}
	return image->start != UINT64_MAX;
}

static bool check_parts(const struct exec_image *image, uint64_t size)
{
	static const uint32_t single[] = { PT_PHDR, PT_INTERP, PT_DYNAMIC, PT_TLS, PT_GNU_STACK, PT_GNU_RELRO };
	const struct elf64_phdr *stack = find(image, PT_GNU_STACK), *tls = find(image, PT_TLS);
	const struct elf64_phdr *relro = find(image, PT_GNU_RELRO), *code;

	for (uint32_t i = 0; i < image->count; i++)
		if (image->headers[i].p_type != PT_NULL && !is_sane(&image->headers[i], size))
			return false;
	for (unsigned i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		if (!is_single(image, single[i]))
			return false;
	if (find(image, PT_INTERP) || (stack && (stack->p_flags & PF_X)))
		return false;
	if ((tls && tls->p_filesz && !is_loaded(image, tls)) || (relro && relro->p_memsz && !is_loaded(image, relro)))
		return false;
	code = load_at(image, image->entry, 1);
	return code && (code->p_flags & PF_X);
}

/* Where the program headers are in memory; false when they are not. */
static bool find_headers(struct exec_image *image, uint64_t offset)
{
	const struct elf64_phdr *own = find(image, PT_PHDR);
	uint64_t length = image->count * sizeof(struct elf64_phdr);

	if (own) {
		image->phdr = own->p_vaddr;
		return is_loaded(image, own) && own->p_offset == offset && own->p_filesz == length;
	}
	for (uint32_t i = 0; i < image->count; i++) {
		const struct elf64_phdr *load = &image->headers[i];

		if (load->p_type != PT_LOAD || offset < load->p_offset || length > load->p_filesz ||
		    offset - load->p_offset > load->p_filesz - length)
			continue;
		image->phdr = load->p_vaddr + (offset - load->p_offset);
		return true;
	}
	return false;
}

/* No shared library is needed, and no code changed; the program finds the end where it was found here. */
static long check_dynamic(struct file *file, const struct exec_image *image)
{
	const struct elf64_phdr *dynamic = find(image, PT_DYNAMIC);
	uint64_t entries[DYNAMIC_MOST][2], count;
	long error;

	if (!dynamic)
		return 0;
	count = dynamic->p_filesz / sizeof(entries[0]);
	if (!is_loaded(image, dynamic) || dynamic->p_filesz % sizeof(entries[0]) != 0 || count == 0 || count > DYNAMIC_MOST)
		return -ENOEXEC;
	error = read_all(file, entries, dynamic->p_filesz, dynamic->p_offset);
	if (error)
		return error;
	for (uint64_t i = 0; i < count; i++) {
		if (entries[i][0] == DT_NULL)
			return 0;
		if (entries[i][0] == DT_NEEDED || entries[i][0] == DT_TEXTREL ||
		    (entries[i][0] == DT_FLAGS && (entries[i][1] & DF_TEXTREL)))
			return -ENOEXEC;
	}
	return -ENOEXEC;
}

static bool is_kind(const struct elf64_header *header)
{
	return memcmp(header->ident, ident, sizeof(ident)) == 0 && header->type == ET_DYN &&
	       header->machine == EM_X86_64 && header->version == 1 && header->ehsize == sizeof(*header) &&
	       header->phentsize == sizeof(struct elf64_phdr) && header->phnum != 0 && header->phnum <= EXEC_HEADERS;
}

long exec_read(struct file *file, struct exec_image *image)
{
	struct elf64_header header;
	struct stat stat;
	long error = file_stat(file, &stat);

	if (!error)
		error = read_all(file, &header, sizeof(header), 0);
	if (error)
		return error;
	if (!is_kind(&header))
		return -ENOEXEC;
	image->entry = header.entry;
	image->count = header.phnum;
	error = read_all(file, image->headers, header.phnum * sizeof(struct elf64_phdr), header.phoff);
	if (error)
		return error;
	if (!check_parts(image, (uint64_t)stat.size) || !check_loads(image) || !find_headers(image, header.phoff))
		return -ENOEXEC;
	return check_dynamic(file, image);
}
