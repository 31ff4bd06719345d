/* SPDX-License-Identifier: Apache-2.0 */
/* Host calls of a VM-based Keep: guest pages come, and one vCPU interrupts another. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include "hostcall_host.h"
#include "vm.h"

/* A slot of its own for each call: KVM lets none grow while the guest runs. What overlaps is EEXIST. */
long serve_balloon_add(struct keep_host *host, uint64_t offset, uint64_t length)
{
	return machine.fd < 0 ? -EINVAL : vm_add_pages(host, offset, length);
}

/* Slots stay as they are: a page that the guest uses again is a new one, of zeros. Under SEV-SNP it has made the range shared before. */
long serve_balloon_remove(struct keep_host *host, uint64_t offset, uint64_t length)
{
	(void)host;
	if (machine.fd < 0)
		return -EINVAL;
	const int memory = snp.guest_memfd >= 0 ? snp.guest_memfd : HELPER_FD_MEMORY;
	return sys(SYS_fallocate, memory, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (long)offset, (long)length);
}

/* Whoever waits kicks again and again: one that is on its way already is not interrupted anew, or it would never get there. */
long serve_vcpu_kick(struct keep_host *host, uint32_t index)
{
	if (machine.fd < 0 || index >= host->start.tcs_count)
		return -EINVAL;
	if (__atomic_exchange_n(&machine.vcpus[index].kicked, 1, __ATOMIC_SEQ_CST) == 0)
		vcpu_interrupt(host, index);
	return 0;
}
