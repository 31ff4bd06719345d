/* SPDX-License-Identifier: Apache-2.0 */
/* Finds functions in the vDSO that the kernel mapped into this process. */
#include <elf.h>
#include <string.h>
#include <sys/auxv.h>
#include "helper.h"

/* Walks the dynamic symbol table by the hash table's count; NULL if the name is not there. */
void *vdso_function(const char *name)
{
	const uint8_t *image = (const uint8_t *)getauxval(AT_SYSINFO_EHDR);
	if (image == NULL)
		return NULL;
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)image;
	const Elf64_Phdr *segments = (const Elf64_Phdr *)(image + header->e_phoff);
	const Elf64_Dyn *dynamic = NULL;
	uint64_t slide = 0;
	for (uint32_t i = 0; i < header->e_phnum; i++) {
		if (segments[i].p_type == PT_LOAD)
			slide = (uint64_t)image + segments[i].p_offset - segments[i].p_vaddr;
		if (segments[i].p_type == PT_DYNAMIC)
			dynamic = (const Elf64_Dyn *)(image + segments[i].p_offset);
	}
	const Elf64_Sym *symbols = NULL;
	const char *names = NULL;
	const uint32_t *hash = NULL;
	for (; dynamic != NULL && dynamic->d_tag != DT_NULL; dynamic++) {
		const void *at = (const void *)(slide + dynamic->d_un.d_ptr);
		if (dynamic->d_tag == DT_SYMTAB)
			symbols = at;
		else if (dynamic->d_tag == DT_STRTAB)
			names = at;
		else if (dynamic->d_tag == DT_HASH)
			hash = at;
	}
	if (symbols == NULL || names == NULL || hash == NULL)
		return NULL;
	for (uint32_t i = 0; i < hash[1]; i++)
		if (symbols[i].st_shndx != SHN_UNDEF && strcmp(names + symbols[i].st_name, name) == 0)
			return (void *)(slide + symbols[i].st_value);
	return NULL;
}
