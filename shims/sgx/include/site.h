/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The instructions that emulation may have to patch (docs/sgx-keep.md, "Sites"). Each is five bytes, the size of a
 * jump, and is listed in .motte.sites, which is not loaded. There is no other way to write one of them.
 */
#ifndef MOTTE_SGX_SITE_H
#define MOTTE_SGX_SITE_H

#include "../../core/generated/sgx.h"

.macro site kind:req, bytes:vararg
661:
	.byte	\bytes
	.pushsection .motte.sites, "", @progbits
	.long	661b			# the shim is linked at 0: an address is an offset
	.long	\kind
	.popsection
.endm

.macro enclu_site			# RAX: leaf; the two-byte NOP fills the site
	site	SITE_ENCLU, 0x0f, 0x01, 0xd7, 0x66, 0x90
.endm

.macro wrfsbase_rax_site		# FS base = RAX
	site	SITE_WRFSBASE_RAX, 0xf3, 0x48, 0x0f, 0xae, 0xd0
.endm

#endif
