// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import { writeDigests } from '@motte/measure/pef/digests';
import type { PefDigests } from '@motte/measure/pef/digests';
import { DIGESTS } from './blob.js';
import type { EsmBlob } from './blob.js';
import type { Aead, Opener, RandomBytes, Recipient } from './crypto.js';
import { lockboxNumber, ORIGIN } from './lockbox.js';
import type { Lockbox } from './lockbox.js';
import { isSame, KEY_BYTES, openLockbox } from './open.js';
import { IV_BYTES } from './sealed.js';
import type { Sealed } from './sealed.js';

/** Somebody who can open a blob, and what to call them. */
export interface NamedRecipient {
  readonly recipient: Recipient;
  /** One line. */
  readonly comment: string;
}

/** What a blob is made of. */
export interface EsmInput {
  /** The owner, who can authorize others later. */
  readonly origin: NamedRecipient;
  /** The machines that may run the VM; the first gets lockbox-1, the one that the ultravisor opens. */
  readonly recipients: readonly NamedRecipient[];
  readonly digests: PefDigests;
  readonly files?: readonly {
    readonly name: string;
    readonly content: Uint8Array;
    readonly comment: string;
  }[];
}

/** What a blob's secrets are made with. */
export interface EsmTools {
  readonly aead: Aead;
  readonly random: RandomBytes;
}

function lockboxFor(name: string, { recipient, comment }: NamedRecipient, key: Uint8Array): Lockbox {
  return { name, fingerprint: recipient.fingerprint, encryptedKey: recipient.encrypt(key), comment };
}

function refuseSecond(lockboxes: readonly Lockbox[], fingerprint: Uint8Array): void {
  const there = lockboxes.find((lockbox) => isSame(lockbox.fingerprint, fingerprint));
  if (there === undefined) return;
  const found = `${there.name} for ${toHex(fingerprint)}`;
  throw new MotteError('ESM_RECIPIENT', { field: 'recipient', expected: 'a key that is new', found });
}

/** Seals `plain` under a fresh nonce. */
function seal(
  name: string,
  plain: Uint8Array,
  comment: string,
  key: Uint8Array,
  { aead, random }: EsmTools,
): Sealed {
  const iv = random(IV_BYTES);
  return { name, iv, ...aead.seal(key, iv, plain), comment };
}

function withLockbox(blob: EsmBlob, named: NamedRecipient, key: Uint8Array): EsmBlob {
  refuseSecond(blob.lockboxes, named.recipient.fingerprint);
  const highest = Math.max(0, ...blob.lockboxes.map(({ name }) => lockboxNumber(name) ?? 0));
  return { ...blob, lockboxes: [lockboxFor(`lockbox-${highest + 1}`, named, key), ...blob.lockboxes] };
}

/** Makes a blob with a new key. Throws ESM_RECIPIENT. */
export function makeEsmBlob(input: EsmInput, tools: EsmTools): EsmBlob {
  const key = tools.random(KEY_BYTES);
  const digests = seal(DIGESTS, writeDigests(input.digests), '', key, tools);
  const files = (input.files ?? []).map(({ name, content, comment }) =>
    seal(name, content, comment, key, tools),
  );
  let blob: EsmBlob = {
    lockboxes: [lockboxFor(ORIGIN, input.origin, key)],
    digests,
    files: files.toReversed(),
  };
  for (const recipient of input.recipients) blob = withLockbox(blob, recipient, key);
  key.fill(0);
  return blob;
}

/** Lets somebody else open a blob; `opener` is somebody who can already. Throws ESM_RECIPIENT or as `openLockbox`. */
export function authorize(blob: EsmBlob, opener: Opener, named: NamedRecipient): EsmBlob {
  const key = openLockbox(blob, opener);
  const wider = withLockbox(blob, named, key);
  key.fill(0);
  return wider;
}

/**
 * Takes a lockbox out of a blob. Who had it may have kept the key: only a new blob shuts them out. Throws
 * ESM_NO_LOCKBOX, and ESM_RECIPIENT for that of the origin.
 */
export function revoke(blob: EsmBlob, fingerprint: Uint8Array): EsmBlob {
  const lockbox = blob.lockboxes.find((other) => isSame(other.fingerprint, fingerprint));
  if (lockbox === undefined)
    throw new MotteError('ESM_NO_LOCKBOX', {
      field: 'recipient',
      expected: toHex(fingerprint),
      found: 'others',
    });
  if (lockbox.name === ORIGIN)
    throw new MotteError('ESM_RECIPIENT', {
      field: 'recipient',
      expected: 'another than the origin',
      found: ORIGIN,
    });
  return { ...blob, lockboxes: blob.lockboxes.filter((other) => other !== lockbox) };
}
