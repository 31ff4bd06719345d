/* SPDX-License-Identifier: Apache-2.0 */
/* The chip that there is not. Whoever knows these lines can sign its reports: they prove nothing (SECURITY.md, rule 21). */
#ifndef MOTTE_EMULATED_CHIP_H
#define MOTTE_EMULATED_CHIP_H

/* The private key is SHA-384 of this text. */
#define EMULATED_CHIP_SEED "Motte: key of the emulated SEV-SNP chip"
#define EMULATED_CHIP_ID "Motte emulated SEV-SNP, no chip"
/* Boot loader 0, TEE 0, SNP 0, microcode 0. */
#define EMULATED_CHIP_TCB 0
/* Family, model, stepping of EPYC 7003: what its reports look like. */
#define EMULATED_CHIP_FAMILY {0x19, 0x01, 0x01}

#endif
