// SPDX-License-Identifier: Apache-2.0
// An initramfs: cpio in the format "newc" (Linux, Documentation/driver-api/early-userspace/buffer-format.rst).

/** An entry; without bytes a directory, or with `device` a character device. */
export interface CpioEntry {
  readonly name: string;
  readonly mode: number;
  readonly bytes?: Uint8Array;
  readonly device?: readonly [major: number, minor: number];
}

const MAGIC = '070701';
const TYPE = { file: 0o100000, folder: 0o040000, device: 0o020000 } as const;
const TRAILER: CpioEntry = { name: 'TRAILER!!!', mode: 0, bytes: new Uint8Array() };

const padded = (bytes: Uint8Array): Buffer =>
  Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);

function typeOf({ bytes, device }: CpioEntry): number {
  if (device !== undefined) return TYPE.device;
  return bytes === undefined ? TYPE.folder : TYPE.file;
}

function member(entry: CpioEntry, inode: number): Buffer {
  const name = Buffer.from(`${entry.name}\0`);
  const bytes = entry.bytes ?? new Uint8Array();
  const [major, minor] = entry.device ?? [0, 0];
  // ino, mode, uid, gid, nlink, mtime, filesize, maj, min, rmaj, rmin, namesize, chksum
  const fields = [
    inode,
    typeOf(entry) | entry.mode,
    0,
    0,
    1,
    0,
    bytes.length,
    0,
    0,
    major,
    minor,
    name.length,
    0,
  ];
  const header = MAGIC + fields.map((field) => field.toString(16).padStart(8, '0')).join('');
  return Buffer.concat([padded(Buffer.concat([Buffer.from(header), name])), padded(bytes)]);
}

/** The archive; the same entries give the same bytes. */
export function cpio(entries: readonly CpioEntry[]): Buffer {
  return Buffer.concat([...entries, TRAILER].map((entry, index) => member(entry, index + 1)));
}
