/* SPDX-License-Identifier: Apache-2.0 */
/* The ID block and who signed it (AMD 56860 rev 1.58, SNP_LAUNCH_FINISH): P-384 with SHA-384, numbers little-endian. */
#include <bearssl_ec.h>
#include <string.h>
#include "firmware.h"

#define ALGORITHM_P384 1u
#define CURVE_P384 2u
#define NUMBER_SIZE 72 /* of which 48 are used */
#define KEY_SIZE sizeof(((struct id_auth *)0)->id_key)

static bool is_zero(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

/* A number of 72 bytes that has 48; false if it has more. */
static bool turn(const uint8_t *from, uint8_t *to)
{
	for (size_t i = 0; i < DIGEST_SIZE; i++)
		to[i] = from[DIGEST_SIZE - 1 - i];
	return is_zero(from + DIGEST_SIZE, NUMBER_SIZE - DIGEST_SIZE);
}

static bool is_key(const uint8_t *key)
{
	uint32_t curve;
	memcpy(&curve, key, sizeof curve);
	return curve == CURVE_P384 && is_zero(key + 4 + 2 * NUMBER_SIZE, KEY_SIZE - 4 - 2 * NUMBER_SIZE);
}

static bool is_signed(const void *bytes, size_t size, const uint8_t *key, const uint8_t *signature)
{
	uint8_t point[1 + 2 * DIGEST_SIZE] = {4}, pair[2 * DIGEST_SIZE], hash[DIGEST_SIZE];
	const br_ec_public_key public = {.curve = BR_EC_secp384r1, .q = point, .qlen = sizeof point};
	if (!turn(key + 4, point + 1) || !turn(key + 4 + NUMBER_SIZE, point + 1 + DIGEST_SIZE) || !turn(signature, pair) ||
	    !turn(signature + NUMBER_SIZE, pair + DIGEST_SIZE))
		return false;
	sha384(bytes, size, hash);
	return br_ecdsa_i31_vrfy_raw(&br_ec_prime_i31, hash, sizeof hash, &public, pair, sizeof pair) == 1;
}

uint32_t firmware_id(struct firmware *firmware, const struct snp_launch_finish *finish)
{
	const struct id_block *block = (const struct id_block *)finish->id_block_uaddr;
	const struct id_auth *auth = (const struct id_auth *)finish->id_auth_uaddr;
	if (block->version != 1)
		return FIRMWARE_BAD_VERSION;
	if (auth->id_key_algo != ALGORITHM_P384 || (finish->auth_key_en != 0 && auth->auth_key_algo != ALGORITHM_P384) ||
	    !is_zero(auth->reserved_008, sizeof auth->reserved_008) || !is_zero(auth->reserved_644, sizeof auth->reserved_644) ||
	    !is_zero(auth->reserved_c84, sizeof auth->reserved_c84) || !is_key(auth->id_key) ||
	    (finish->auth_key_en != 0 && !is_key(auth->author_key)))
		return FIRMWARE_INVALID_PARAM;
	if (!is_signed(block, sizeof *block, auth->id_key, auth->id_block_sig) ||
	    (finish->auth_key_en != 0 && !is_signed(auth->id_key, KEY_SIZE, auth->author_key, auth->id_key_sig)))
		return FIRMWARE_BAD_SIGNATURE;
	if (block->policy != firmware->policy)
		return FIRMWARE_POLICY_FAILURE;
	if (memcmp(block->ld, firmware->digest, sizeof block->ld) != 0)
		return FIRMWARE_BAD_MEASUREMENT;
	memcpy(firmware->family_id, block->family_id, sizeof firmware->family_id);
	memcpy(firmware->image_id, block->image_id, sizeof firmware->image_id);
	firmware->guest_svn = block->guest_svn;
	sha384(auth->id_key, KEY_SIZE, firmware->id_key_digest);
	firmware->author = finish->auth_key_en != 0;
	if (firmware->author)
		sha384(auth->author_key, KEY_SIZE, firmware->author_key_digest);
	return FIRMWARE_SUCCESS;
}
