/* SPDX-License-Identifier: Apache-2.0 */
/* For programs that test parts of the shim: registers of ring 0 that the test has made up. */
#ifndef MOTTE_VM_CPU_H
#define MOTTE_VM_CPU_H

#include <stdint.h>

uint64_t read_cr0(void);
uint64_t read_cr4(void);
uint64_t read_msr(uint32_t msr);
void write_msr(uint32_t msr, uint64_t value);

#endif
