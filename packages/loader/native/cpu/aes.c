/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AES-128 encryption and AES-CMAC (FIPS 197; NIST SP 800-38B), for the emulated CPU's keys and MACs. Not constant-time:
 * whoever could measure it can read the emulated root key anyway. A vector register would be the Keep's, hence no AES-NI.
 */
#include <stddef.h>
#include "aes.h"
#include "cpu.h"

#define ROUNDS 10

/* x times 2 in GF(2^8). */
static uint8_t twice(uint8_t x)
{
	return (uint8_t)(x << 1 ^ (x >> 7) * 0x1b);
}

static uint8_t sbox[256];

/* The S-box from its definition: the inverse in GF(2^8), walked by powers of 3 and of 1/3, then the affine map. */
static void make_sbox(void)
{
	uint8_t p = 1, q = 1;
	do {
		p = p ^ twice(p);
		q ^= q << 1;
		q ^= q << 2;
		q ^= q << 4;
		q ^= q & 0x80 ? 0x09 : 0;
		const uint8_t turned = (uint8_t)(q << 1 | q >> 7) ^ (uint8_t)(q << 2 | q >> 6) ^ (uint8_t)(q << 3 | q >> 5) ^
				       (uint8_t)(q << 4 | q >> 4);
		sbox[p] = q ^ turned ^ 0x63;
	} while (p != 1);
	sbox[0] = 0x63;
}

static void expand(const uint8_t key[16], uint8_t round_keys[ROUNDS + 1][16])
{
	uint8_t *words = &round_keys[0][0], constant = 1;
	copy(words, key, 16);
	for (uint32_t i = 16; i < 16 * (ROUNDS + 1); i += 4) {
		uint8_t word[4];
		copy(word, words + i - 4, 4);
		if (i % 16 == 0) {
			const uint8_t first = word[0];
			word[0] = sbox[word[1]] ^ constant;
			word[1] = sbox[word[2]];
			word[2] = sbox[word[3]];
			word[3] = sbox[first];
			constant = twice(constant);
		}
		for (uint32_t j = 0; j < 4; j++)
			words[i + j] = words[i + j - 16] ^ word[j];
	}
}

static void mix(uint8_t column[4])
{
	const uint8_t all = column[0] ^ column[1] ^ column[2] ^ column[3], first = column[0];
	for (uint32_t i = 0; i < 4; i++) {
		const uint8_t next = i == 3 ? first : column[i + 1];
		column[i] ^= all ^ twice(column[i] ^ next);
	}
}

static void encrypt(const uint8_t round_keys[ROUNDS + 1][16], uint8_t block[16])
{
	for (uint32_t round = 0; round <= ROUNDS; round++) {
		if (round > 0) {
			uint8_t shifted[16];
			for (uint32_t i = 0; i < 16; i++)
				shifted[i] = sbox[block[(i + 4 * (i % 4)) % 16]];
			copy(block, shifted, 16);
			for (uint32_t i = 0; i < 16 && round < ROUNDS; i += 4)
				mix(block + i);
		}
		for (uint32_t i = 0; i < 16; i++)
			block[i] ^= round_keys[round][i];
	}
}

/* A subkey: times 2 in GF(2^128), big-endian. */
static void twice_block(uint8_t block[16])
{
	const uint8_t carry = block[0] >> 7;
	for (uint32_t i = 0; i < 15; i++)
		block[i] = (uint8_t)(block[i] << 1 | block[i + 1] >> 7);
	block[15] = (uint8_t)(block[15] << 1 ^ carry * 0x87);
}

void aes_cmac(const uint8_t key[16], const void *message, uint64_t length, uint8_t mac[16])
{
	uint8_t round_keys[ROUNDS + 1][16], subkey[16];
	const uint8_t *at = message;
	if (sbox[0] == 0)
		make_sbox();
	expand(key, round_keys);
	clear(subkey, sizeof subkey);
	encrypt(round_keys, subkey);
	twice_block(subkey);
	clear(mac, 16);
	for (; length > 16; length -= 16, at += 16) {
		for (uint32_t i = 0; i < 16; i++)
			mac[i] ^= at[i];
		encrypt(round_keys, mac);
	}
	if (length < 16) {
		twice_block(subkey);
		mac[length] ^= 0x80;
	}
	for (uint32_t i = 0; i < length; i++)
		mac[i] ^= at[i];
	for (uint32_t i = 0; i < 16; i++)
		mac[i] ^= subkey[i];
	encrypt(round_keys, mac);
}
