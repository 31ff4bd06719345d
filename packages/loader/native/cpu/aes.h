/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOTTE_AES_H
#define MOTTE_AES_H

#include <stdint.h>

void aes_cmac(const uint8_t key[16], const void *message, uint64_t length, uint8_t mac[16]);

#endif
