// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import type { KeepConfig } from '@motte/config/keep-config';
import { verifyP384 } from '@motte/sign/snp/ecdsa-node';
import { ID_BLOCK } from '@motte/sign/snp/id-block';
import type { SnpIdentity } from '@motte/sign/snp/id-block';
import { verifyIdBlock } from '@motte/sign/snp/verify';
import type { MeasuredKeep } from './keep.js';

/** Bit 19 of a guest's policy: the host may decrypt the guest. AMD 56860 rev 1.58, guest policy. */
const POLICY_DEBUG = 1n << 19n;

/**
 * Whether an ID block is genuine and for this Keep: its launch digest, and a policy that opens the guest to the host only where
 * Keep.toml has `debug`. Throws SNP_ID*, IMAGE_NATIVE_SIGNATURE.
 */
export function checkIdentity(
  { block, auth }: SnpIdentity,
  { measurement }: MeasuredKeep,
  { sgx: { debug } }: KeepConfig,
): void {
  const { ld, policy } = verifyIdBlock(block, auth, verifyP384);
  const refuse = (name: 'ld' | 'policy', expected: string, found: string): never => {
    const offset = ID_BLOCK.offsetOf(name);
    throw new MotteError('IMAGE_NATIVE_SIGNATURE', { field: `ID block: ${name}`, expected, found, offset });
  };
  const [expected, found] = [toHex(measurement), toHex(ld)];
  if (found !== expected) refuse('ld', expected, found);
  if (!debug && (policy & POLICY_DEBUG) !== 0n)
    refuse(
      'policy',
      'DEBUG (bit 19) clear, as Keep.toml does not ask for a debug Keep',
      `0x${policy.toString(16)}`,
    );
}
