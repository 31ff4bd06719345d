/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The instructions that a simulated SEV-SNP may have to patch (docs/vm-keep.md, "Sites"). Each has four bytes and is listed in
 * .motte.sites, which is not loaded. There is no other way to write one of them.
 */
#ifndef MOTTE_VM_SITE_H
#define MOTTE_VM_SITE_H

#include "../../core/generated/sgx.h"

.macro site kind bytes:vararg
661:
	.byte	\bytes
	.pushsection .motte.sites, "", @progbits
	.long	661b			# the shim is linked at 0: an address is an offset
	.long	\kind
	.popsection
.endm

.macro vmgexit_site			# to the host, by the GHCB MSR or page
	site	SITE_VMGEXIT 0xf3, 0x0f, 0x01, 0xd9
.endm

.macro pvalidate_site			# RAX: address; ECX: 1 for 2 MiB; EDX: 1 to validate. EAX and CF say how it went
	site	SITE_PVALIDATE 0xf2, 0x0f, 0x01, 0xff
.endm

#endif
