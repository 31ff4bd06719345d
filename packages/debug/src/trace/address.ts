// SPDX-License-Identifier: Apache-2.0
// Socket addresses, as strace prints them.
import { AF, oneText } from './flags.js';
import type { Kind, Scene } from './kind.js';
import { argOf, i32, pointer, succeeded } from './kind.js';
import { readWhole } from '../memory.js';
import { quoted } from './text.js';

/** sizeof(struct sockaddr_storage) */
const MOST = 128;

function unixText(bytes: Uint8Array): string {
  const path = bytes.subarray(2);
  if (path.length === 0) return '{sa_family=AF_UNIX}';
  if (path[0] === 0) return `{sa_family=AF_UNIX, sun_path=@${quoted(path.subarray(1))}}`;
  const end = path.indexOf(0);
  return `{sa_family=AF_UNIX, sun_path=${quoted(end < 0 ? path : path.subarray(0, end))}}`;
}

/** The longest run of zero groups, of two at least, is left out (RFC 5952). */
function inet6Text(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
  const text = groups.map((group) => group.toString(16)).join(':');
  const runs = [...text.matchAll(/\b0(?::0)+\b/g)].sort((a, b) => b[0].length - a[0].length);
  const run = runs[0];
  if (run === undefined) return text;
  return `${text.slice(0, run.index)}::${text.slice(run.index + run[0].length)}`.replace(/:{3,}/, '::');
}

function addressText(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const family = view.getUint16(0, true);
  const port = bytes.length >= 4 ? view.getUint16(2, false) : 0;
  if (family === AF['AF_UNIX']) return unixText(bytes);
  if (family === AF['AF_INET'] && bytes.length >= 16)
    return `{sa_family=AF_INET, sin_port=htons(${port}), sin_addr=inet_addr("${bytes.subarray(4, 8).join('.')}")}`;
  if (family === AF['AF_INET6'] && bytes.length >= 28) {
    const flow = view.getUint32(4, false);
    const address = `inet_pton(AF_INET6, "${inet6Text(bytes.subarray(8, 24))}", &sin6_addr)`;
    const scope = view.getUint32(24, true);
    return `{sa_family=AF_INET6, sin6_port=htons(${port}), sin6_flowinfo=htonl(${flow}), ${address}, sin6_scope_id=${scope}}`;
  }
  return `{sa_family=${oneText(AF, family, 'AF')}, sa_data=${quoted(bytes.subarray(2))}}`;
}

async function show(value: bigint, length: number, { memory }: Scene): Promise<string> {
  if (value === 0n) return 'NULL';
  if (length < 2) return pointer(value);
  const view = await readWhole(memory, value, Math.min(length, MOST));
  return view === undefined
    ? pointer(value)
    : addressText(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
}

/** An address whose length is the argument `length`. */
export function addressIn(length: number): Kind {
  return { show: (value, scene) => show(value, i32(argOf(scene, length)), scene) };
}

/** The length that the kernel wrote behind the argument `index`, or undefined. */
async function lengthAt(index: number, scene: Scene): Promise<number | undefined> {
  return (await readWhole(scene.memory, argOf(scene, index), 4))?.getInt32(0, true);
}

/** An address that the call filled in; its length is behind the argument `length`. */
export function addressOut(length: number): Kind {
  return {
    out: true,
    async show(value, scene) {
      const found = succeeded(scene) && value !== 0n ? await lengthAt(length, scene) : undefined;
      return found === undefined ? pointer(value) : show(value, found, scene);
    },
  };
}

/** That length. */
export const ADDRESS_LENGTH: Kind = {
  out: true,
  async show(value, scene) {
    const view = value === 0n ? undefined : await readWhole(scene.memory, value, 4);
    return view === undefined ? pointer(value) : `[${view.getInt32(0, true)}]`;
  },
};
