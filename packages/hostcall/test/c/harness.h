/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hostile host and the hostile Keep. Each line of standard input is a case, made by the TypeScript tests from the
 * host-call table; each line of standard output says what came of it. All numbers are hexadecimal.
 *
 *   guest ROW A0..A5 BUFFERS FAULT lie DELTA RESULT OUT_LENGTH FILL HEADER
 *   guest ROW A0..A5 BUFFERS FAULT serve SCRIPT
 *   host LIMIT FILL HEADER STEP SCRIPT
 *
 * `guest` calls the generated function host_ROW. With `lie` the answer is what the line says: `answered` is the
 * sequence plus DELTA. With `serve` the generated dispatcher answers. `host` hands a block to the dispatcher, which may
 * change LIMIT bytes of the data area at most; with STEP 1 the block changes under the dispatcher as it is read.
 *
 * BUFFERS: N, then N times ARG SIZE SIDE PATCHES: a buffer for argument ARG, against a guard page on SIDE (0 before, 1
 * after it). PATCHES: SEED N, then N times AT BYTES: content is the stream of SEED, then patched. FILL is PATCHES for the
 * data area, HEADER is N and N times AT BYTES for the header. SCRIPT: RESULT LENGTH FILL N, then N times ARG AT BYTES:
 * the handler returns RESULT, sets value-result lengths to LENGTH, fills its outputs with the stream FILL (unless 0), then
 * patches that of argument ARG.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <stddef.h>
#include <stdint.h>
#include "hostcall_abi.h"

struct hostcall;
struct keep_host;

/* The block's two views: what the guest is given (nothing may touch it) and what the tests read and write. */
extern uint8_t *guest_view;
extern uint8_t *block_view;

/* From the table: calls host_ROW with numbers `a` and pointers `b`. */
extern const unsigned row_count;
long call_row(unsigned row, struct hostcall *call, const uint64_t *a, void *const *b);

/* What the generated handlers of the tests do. */
void handler_enter(unsigned row);
void handler_descriptor(int fd);
void handler_number(uint64_t value);
void handler_in(const void *buffer, uint64_t size);
void handler_out(unsigned arg, void *buffer, uint64_t size);
void handler_length(uint32_t *length);
long handler_result(void);

/* Reading a case. */
uint64_t token_number(void);
const char *token(void);
unsigned token_bytes(uint8_t *to, unsigned max);
void token_patches(uint8_t *to, size_t size, int with_seed);
void stream(uint8_t *to, size_t size, uint32_t seed);
uint32_t hash(uint32_t so_far, const void *bytes, size_t size);

/* Ends the program: an invariant is broken. */
_Noreturn void broken(const char *what, uint64_t value);

void guest_case(void);
void host_case(void);
void script_read(void);
void script_report(void);
void serve_scripted(void *block, int elsewhere);
void step_case(int on);

#endif
