/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages of SGX (SECURITY.md, rules 9 and 10). In the SGX2 layout the host adds, restricts and trims, and the Keep
 * accepts what it had asked for and nothing else. In SGX1 all pages are there, holding what the host put into them.
 */
#include "include/sgx_keep.h"
#include "../core/generated/hostcall_guest.h"
#include "../core/include/bytes.h"
#include "../core/include/ledger.h"
#include "../core/include/platform.h"

_Static_assert(PERM_R == SECINFO_R && PERM_W == SECINFO_W && PERM_X == SECINFO_X, "permissions are SECINFO's");

/* EACCEPT: the page is in exactly the state that `flags` say, or the host did something else than it was asked. */
static void accept(uint64_t address, uint64_t pages, uint64_t flags)
{
	_Alignas(64) struct secinfo secinfo = { .flags = flags };

	for (uint64_t i = 0; i < pages; i++)
		if (sgx_enclu(ENCLU_EACCEPT, (uint64_t)&secinfo, address + i * PAGE_SIZE, 0) != SGX_ERR_SUCCESS)
			keep_refuse(REASON_MEMORY_LEDGER);
}

/*
 * EACCEPTCOPY: a page that was added, readable and writable, is one that can be read alone, and zero. It takes no word
 * of the host's, so that the exception handler can do it, too.
 */
static void accept_read_only(uint64_t address, uint64_t pages)
{
	static const _Alignas(PAGE_SIZE) uint8_t zero[PAGE_SIZE];
	_Alignas(64) struct secinfo secinfo = { .flags = SECINFO_R | SECINFO_PT_REG };

	for (uint64_t i = 0; i < pages; i++)
		if (sgx_enclu(ENCLU_EACCEPTCOPY, (uint64_t)&secinfo, address + i * PAGE_SIZE, (uint64_t)zero) !=
		    SGX_ERR_SUCCESS)
			keep_refuse(REASON_MEMORY_LEDGER);
}

void platform_accept(uint64_t address, uint64_t pages, unsigned perms)
{
	if (!platform_lazy())
		memset((void *)address, 0, pages * PAGE_SIZE);
	else if (perms & PERM_W)
		accept(address, pages, SECINFO_R | SECINFO_W | SECINFO_PENDING | SECINFO_PT_REG);
	else
		accept_read_only(address, pages);
}

/*
 * The host's half of a change, in the parts that the driver does it in. An honest host fails here only when it is
 * out of memory, and half a change cannot be undone.
 */
static void all(long done, uint64_t *at, uint64_t end)
{
	if (done <= 0 || (uint64_t)done > end - *at)
		keep_refuse(REASON_HOST_RESULT);
	*at += (uint64_t)done;
}

static void restrict_to(uint64_t offset, uint64_t end, unsigned perms)
{
	struct hostcall *call = platform_call();

	for (uint64_t at = offset; at < end;)
		all(host_mem_restrict(call, at, end - at, perms), &at, end);
	accept(keep_base() + offset, (end - offset) / PAGE_SIZE, perms | SECINFO_PR | SECINFO_PT_REG);
}

static void extend_to(uint64_t offset, uint64_t end, unsigned perms)
{
	_Alignas(64) struct secinfo secinfo = { .flags = perms | SECINFO_PT_REG };

	for (uint64_t at = offset; at < end; at += PAGE_SIZE)
		sgx_enclu(ENCLU_EMODPE, (uint64_t)&secinfo, keep_base() + at, 0);
}

void platform_permit(uint64_t address, uint64_t pages, unsigned old, unsigned now)
{
	uint64_t offset = address - keep_base();
	uint64_t end = offset + pages * PAGE_SIZE;

	now &= PERM_MASK; /* whose it is makes no difference here */
	if (!platform_lazy())
		return; /* SGX1: EPCM's permissions are the plan's for ever; the ledger's bind the shim's own accesses */
	if (old & ~now)
		restrict_to(offset, end, old & now);
	if (now & ~old)
		extend_to(offset, end, now);
}

/* The host's page tables let heap be written and read; only code needs a word with them. */
void platform_code(uint64_t address, uint64_t pages, bool code)
{
	unsigned perms = PERM_R | (code ? PERM_X : PERM_W);

	if (!platform_lazy())
		return; /* SGX1: the host maps each page as the plan has it, for ever */
	if (host_mem_protect(platform_call(), address - keep_base(), pages * PAGE_SIZE, perms))
		keep_refuse(REASON_HOST_RESULT);
}

void platform_trim(uint64_t address, uint64_t pages)
{
	struct hostcall *call = platform_call();
	uint64_t offset = address - keep_base();
	uint64_t end = offset + pages * PAGE_SIZE;

	if (!platform_lazy())
		return; /* SGX1: pages stay, and memory.c does not ask */
	for (uint64_t at = offset; at < end;)
		all(host_mem_trim(call, at, end - at), &at, end);
	accept(address, pages, SECINFO_PT_TRIM | SECINFO_MODIFIED);
	for (uint64_t at = offset; at < end;)
		all(host_mem_remove(call, at, end - at), &at, end);
}

void sgx_make_tcs(uint64_t address)
{
	uint64_t at = address - keep_base(), end = at + PAGE_SIZE;

	while (at < end)
		all(host_mem_tcs(platform_call(), at, end - at), &at, end);
	accept(address, 1, SECINFO_PT_TCS | SECINFO_MODIFIED);
}
