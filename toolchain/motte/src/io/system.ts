// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import type { ErrorCode } from '@motte/binary/error';

/** The system's refusals in words. What is not here is shown by its name. */
const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'permission is denied',
  EBUSY: 'it is in use',
  EEXIST: 'it is there already',
  EFBIG: 'it would be larger than the file system allows',
  EIO: 'the device failed',
  EISDIR: 'it is a folder',
  ELOOP: 'it is a loop of links',
  EMFILE: 'this process has too many files open',
  ENAMETOOLONG: 'its name is too long',
  ENFILE: 'the system has too many files open',
  ENODEV: 'there is no such device',
  ENOENT: 'there is no such file or folder',
  ENOSPC: 'the file system is full',
  ENOTDIR: 'a part of its path is not a folder',
  ENXIO: 'there is no such device',
  EPERM: 'it is not permitted',
  EDQUOT: 'the quota is used up',
  EROFS: 'the file system is read-only',
  ETXTBSY: 'it is being run',
};

/** The code of a system error (`ENOENT`), or `undefined` for any other value. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  const { code } = error;
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}

/** A system error as one of ours, about `path`; any other error as it is. */
export function systemError(error: unknown, code: ErrorCode, path: string): unknown {
  const name = systemCode(error);
  if (name === undefined) return error;
  return new MotteError(code, {
    field: path,
    message: `${WORDS[name] ?? 'the system refused'} (${name})`,
    cause: error,
  });
}

/** What `work` returns; its system errors become `code` about `path`. */
export function withPath<T>(code: ErrorCode, path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw systemError(error, code, path);
  }
}
