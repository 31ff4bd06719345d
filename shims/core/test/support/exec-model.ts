// SPDX-License-Identifier: Apache-2.0
// A plain model of what execve says of a file: the rules by name, each by itself, in numbers that do not overflow.
import { DF, DT, EM, ET, PF, PT } from '@motte/elf/constants';
import { EHDR, PHDR } from '@motte/elf/layouts';
import { FAULT } from './exec-file.js';
import type { ExecCase, Header, Part } from './exec-file.js';

const ERRNO = { IO: -5, NOEXEC: -8, NOMEM: -12, ACCES: -13, TXTBSY: -26 } as const;
const PAGE = 0x1000n;
const HEADERS_MOST = 64;
const DYNAMIC_MOST = 128n;
const ALIGN_MOST = 0x200000n;
const ADDRESS_END = 1n << 64n;
const USER_END = 0x7ffffffff000n;
const OFFSET_MOST = (1n << 63n) - 1n;
const SINGLE: readonly number[] = [PT.PHDR, PT.INTERP, PT.DYNAMIC, PT.TLS, PT.GNU_STACK, PT.GNU_RELRO];

/** What ends the reading of a file: an errno that is not the file's fault, or not enough bytes. */
class ReadError extends Error {
  constructor(readonly number: number) {
    super(String(number));
  }
}

class Reader {
  #reads = 0;

  constructor(readonly one: ExecCase) {}

  take(at: bigint, length: bigint): Uint8Array {
    const { bytes, fault, at: when } = this.one;
    if (at > OFFSET_MOST - length) throw new ReadError(ERRNO.NOEXEC);
    this.#reads++;
    const here = this.#reads === when ? fault : FAULT.NONE;
    if (here === FAULT.MEMORY) throw new ReadError(ERRNO.NOMEM);
    if (here === FAULT.ERROR) throw new ReadError(ERRNO.IO);
    if (here === FAULT.SHORT || at + length > bytes.length) throw new ReadError(ERRNO.NOEXEC);
    return bytes.subarray(Number(at), Number(at + length));
  }
}

export interface Said {
  /** As the driver says it. */
  readonly line: string;
  /** The rules that the file breaks; none where it was not read as far as that. */
  readonly broken: readonly string[];
}

/** Whether a part of the file is what memory has at its address; of no bytes, only whether there is memory. */
function isLoaded(part: Part, loads: readonly Part[]): boolean {
  const { p_vaddr, p_filesz, p_offset } = part;
  const end = p_vaddr + (p_filesz > 0n ? p_filesz : 1n);
  const load = loads.find((one) => p_vaddr >= one.p_vaddr && end <= one.p_vaddr + one.p_memsz);
  if (load === undefined) return false;
  if (p_filesz === 0n) return true;
  return p_offset - load.p_offset === p_vaddr - load.p_vaddr && end <= load.p_vaddr + load.p_filesz;
}

const pageOf = (address: bigint): bigint => address - (address % PAGE);
const pageAfter = (address: bigint): bigint => pageOf(address + PAGE - 1n);
const endOf = ({ p_vaddr, p_memsz }: Part): bigint => p_vaddr + p_memsz;
const isPower = (value: bigint): boolean => value !== 0n && value.toString(2).lastIndexOf('1') === 0;

/** Where the program headers are in memory. */
function headersAt(header: Header, parts: readonly Part[], loads: readonly Part[]): bigint | undefined {
  const length = BigInt(parts.length * PHDR.size);
  const own = parts.find(({ p_type }) => p_type === PT.PHDR);
  if (own !== undefined) {
    const right = own.p_offset === header.e_phoff && own.p_filesz === length;
    return right && isLoaded(own, loads) ? own.p_vaddr : undefined;
  }
  const end = header.e_phoff + length;
  const cover = loads.find(
    ({ p_offset, p_filesz }) => header.e_phoff >= p_offset && end <= p_offset + p_filesz,
  );
  return cover && cover.p_vaddr + header.e_phoff - cover.p_offset;
}

/** What a rule says is true of a good file. */
type Rules = Readonly<Record<string, boolean>>;

function headerRules(header: Header): Rules {
  return {
    magic: Buffer.from(header.ei_magic).equals(Buffer.from('\x7fELF', 'latin1')),
    class: header.ei_class === 2,
    'byte order': header.ei_data === 1,
    version: header.ei_version === 1 && header.e_version === 1,
    type: header.e_type === ET.DYN,
    machine: header.e_machine === EM.X86_64,
    'size of the header': header.e_ehsize === EHDR.size,
    'size of a program header': header.e_phentsize === PHDR.size,
    'number of program headers': header.e_phnum > 0 && header.e_phnum <= HEADERS_MOST,
  };
}

function partRules(header: Header, parts: readonly Part[], size: bigint): Rules {
  const all = parts.filter(({ p_type }) => p_type !== PT.NULL);
  const every = (rule: (part: Part) => boolean): boolean => all.every(rule);
  const loads = parts.filter(({ p_type }) => p_type === PT.LOAD);
  const paged = loads.filter(({ p_memsz }) => p_memsz > 0n);
  const one = (type: number): Part | undefined => parts.find(({ p_type }) => p_type === type);
  const [stack, tls, relro, dynamic] = [PT.GNU_STACK, PT.TLS, PT.GNU_RELRO, PT.DYNAMIC].map(one);
  const code = loads.find((load) => header.e_entry >= load.p_vaddr && header.e_entry < endOf(load));
  return {
    'more in the file than in memory': every(({ p_filesz, p_memsz }) => p_filesz <= p_memsz),
    'the end of all addresses': every((part) => endOf(part) < ADDRESS_END),
    'the end of the file': every(({ p_offset, p_filesz }) => p_filesz === 0n || p_offset + p_filesz <= size),
    'a power of two': every(({ p_align }) => p_align === 0n || isPower(p_align)),
    'one of a kind': SINGLE.every((type) => parts.filter(({ p_type }) => p_type === type).length <= 1),
    'no interpreter': one(PT.INTERP) === undefined,
    'no executable stack': stack === undefined || (stack.p_flags & PF.X) === 0,
    'TLS in memory': tls === undefined || tls.p_filesz === 0n || isLoaded(tls, loads),
    'RELRO in memory': relro === undefined || relro.p_memsz === 0n || isLoaded(relro, loads),
    'dynamic section in memory': dynamic === undefined || isLoaded(dynamic, loads),
    // So there is something to load.
    'entry in code': code !== undefined && (code.p_flags & PF.X) !== 0,
    'not writable and executable': paged.every(({ p_flags }) => (p_flags & (PF.W | PF.X)) !== (PF.W | PF.X)),
    'permits something': paged.every(({ p_flags }) => (p_flags & (PF.R | PF.W | PF.X)) !== 0),
    'not writable alone': paged.every(({ p_flags }) => (p_flags & (PF.W | PF.R)) !== PF.W),
    'alignment of pages': paged.every(({ p_align }) => p_align >= PAGE && p_align <= ALIGN_MOST),
    'alike by alignment': paged.every(
      ({ p_vaddr, p_offset, p_align }) => p_align === 0n || (p_vaddr - p_offset) % p_align === 0n,
    ),
    'the end of user space': paged.every((load) => endOf(load) <= USER_END),
    'no page of two': paged.every(
      (load, i) => i === 0 || pageOf(load.p_vaddr) >= pageAfter(endOf(paged[i - 1] as Part)),
    ),
    'headers in memory': headersAt(header, parts, loads) !== undefined,
    'length of the dynamic section':
      dynamic === undefined ||
      (dynamic.p_filesz % 16n === 0n && dynamic.p_filesz > 0n && dynamic.p_filesz / 16n <= DYNAMIC_MOST),
  };
}

function dynamicRules(bytes: Uint8Array): Rules {
  const words = Array.from({ length: bytes.length / 8 }, (_, i) =>
    new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(8 * i, true),
  );
  const entries = words.filter((_, i) => i % 2 === 0).map((tag, i) => [tag, words[2 * i + 1] ?? 0n] as const);
  const end = entries.findIndex(([tag]) => tag === BigInt(DT.NULL));
  const used = end < 0 ? entries : entries.slice(0, end);
  const has = (tag: number): boolean => used.some(([one]) => one === BigInt(tag));
  return {
    'an end of the dynamic section': end >= 0,
    'no library': !has(DT.NEEDED),
    'no text relocations': !has(DT.TEXTREL),
    'no text relocations by a flag': !used.some(
      ([tag, value]) => tag === BigInt(DT.FLAGS) && (value & DF.TEXTREL) !== 0n,
    ),
  };
}

const brokenOf = (rules: Rules): string[] => Object.keys(rules).filter((name) => !rules[name]);

/** All rules, by their names. */
export function ruleNames(header: Header, parts: readonly Part[]): string[] {
  return [headerRules(header), partRules(header, parts, 0n), dynamicRules(new Uint8Array())].flatMap(
    (rules) => Object.keys(rules),
  );
}

/** Headers as the table in the file has them. */
function partsOf(bytes: Uint8Array): Part[] {
  return Array.from({ length: bytes.length / PHDR.size }, (_, i) => PHDR.read(bytes, i * PHDR.size));
}

function check({ mode, permitted, granted, late, named, written }: ExecCase): number {
  const may = (permitted & (granted ? 16 : 8)) !== 0 && late;
  if ((mode & 0o170000) !== 0o100000 || (mode & 0o111) === 0 || !may) return ERRNO.ACCES;
  return !granted && named && written ? ERRNO.TXTBSY : 0;
}

function imageText(header: Header, parts: readonly Part[]): string {
  const loads = parts.filter(({ p_type }) => p_type === PT.LOAD);
  const paged = loads.filter(({ p_memsz }) => p_memsz > 0n);
  const start = pageOf((paged[0] as Part).p_vaddr);
  const end = pageAfter(endOf(paged.at(-1) as Part));
  const align = paged.map(({ p_align }) => p_align).reduce((most, one) => (one > most ? one : most));
  const numbers = [header.e_entry, start, end, align, headersAt(header, parts, loads) ?? 0n, parts.length];
  return numbers.map((number) => ` ${number.toString(16)}`).join('');
}

/** What the driver should say. */
export function expected(one: ExecCase): Said {
  const first = check(one);
  const reader = new Reader(one);
  const refused = (broken: readonly string[]): Said => ({ line: `${first} ${ERRNO.NOEXEC}`, broken });
  try {
    const header = EHDR.read(reader.take(0n, BigInt(EHDR.size)));
    let broken = brokenOf(headerRules(header));
    if (broken.length > 0) return refused(broken);
    const parts = partsOf(reader.take(header.e_phoff, BigInt(header.e_phnum * PHDR.size)));
    broken = brokenOf(partRules(header, parts, one.size));
    if (broken.length > 0) return refused(broken);
    const dynamic = parts.find(({ p_type }) => p_type === PT.DYNAMIC);
    if (dynamic !== undefined) {
      broken = brokenOf(dynamicRules(reader.take(dynamic.p_offset, dynamic.p_filesz)));
      if (broken.length > 0) return refused(broken);
    }
    return { line: `${first} 0${imageText(header, parts)}`, broken: [] };
  } catch (error) {
    if (!(error instanceof ReadError)) throw error;
    return { line: `${first} ${error.number}`, broken: [] };
  }
}
