// SPDX-License-Identifier: Apache-2.0

/** Linux's error numbers on x86-64 that a host call may answer with (asm-generic/errno-base.h and errno.h). */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  ENXIO: 6,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EFAULT: 14,
  EBUSY: 16,
  EEXIST: 17,
  EXDEV: 18,
  ENODEV: 19,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  ENOTTY: 25,
  ETXTBSY: 26,
  EFBIG: 27,
  ENOSPC: 28,
  ESPIPE: 29,
  EROFS: 30,
  EMLINK: 31,
  EPIPE: 32,
  ENAMETOOLONG: 36,
  ENOSYS: 38,
  ENOTEMPTY: 39,
  ELOOP: 40,
  EOVERFLOW: 75,
  ENOTSOCK: 88,
  EDESTADDRREQ: 89,
  EMSGSIZE: 90,
  EPROTOTYPE: 91,
  ENOPROTOOPT: 92,
  EPROTONOSUPPORT: 93,
  EOPNOTSUPP: 95,
  EAFNOSUPPORT: 97,
  EADDRINUSE: 98,
  EADDRNOTAVAIL: 99,
  ENETDOWN: 100,
  ENETUNREACH: 101,
  ECONNABORTED: 103,
  ECONNRESET: 104,
  ENOBUFS: 105,
  EISCONN: 106,
  ENOTCONN: 107,
  ETIMEDOUT: 110,
  ECONNREFUSED: 111,
  EHOSTUNREACH: 113,
  EALREADY: 114,
  EINPROGRESS: 115,
  EDQUOT: 122,
} as const;

/** A name of `ERRNO`. */
export type ErrnoName = keyof typeof ERRNO;

/** Words of the bitmap of allowed errnos in the generated C: errno n is bit n % 64 of word n / 64. */
export const ERRNO_WORDS = 3;

/**
 * Errnos that every call may answer with: a host that does not serve a call says ENOSYS.
 */
export const ALWAYS: readonly ErrnoName[] = ['ENOSYS'];

/** The bitmap of the errnos that a call may answer with, `ALWAYS` included. */
export function errnoBitmap(names: readonly ErrnoName[]): bigint[] {
  const words = Array.from({ length: ERRNO_WORDS }, () => 0n);
  for (const name of [...ALWAYS, ...names]) {
    const number = ERRNO[name];
    const word = Math.floor(number / 64);
    words[word] = (words[word] ?? 0n) | (1n << BigInt(number % 64));
  }
  return words;
}
