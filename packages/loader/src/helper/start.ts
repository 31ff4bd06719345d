// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { PAGE_SIZE } from '@motte/binary/range';
import {
  BACKEND,
  GRANT,
  GRANT_FLAGS,
  GRANTS_MOST,
  IMAGE_PART,
  LIE,
  MAPPING,
  PROTOCOL_VERSION,
  START,
  START_FLAGS,
} from '../protocol/messages.js';
import { tcsOffsets } from '../keep-info.js';
import { SITE } from '@motte/elf/sites';
import type { Site } from '@motte/elf/sites';
import type { PagePlan, PageRun } from '@motte/plan/plan';

/** A range of the Keep, an offset and bytes. */
export interface Range {
  readonly offset: bigint;
  readonly length: bigint;
}

/** Where the Keep lies, and what each of its threads is entered by. */
export interface Place {
  /** BACKEND. */
  readonly backend: number;
  readonly base: bigint;
  readonly size: bigint;
  readonly mappings: readonly Mapped[];
  /** SGX: the offset of its TCS, 8 bytes; KVM: its VMSA. The first is the boot thread's. */
  readonly threads: readonly Uint8Array[];
  /** SNP: LAUNCH and its runs. */
  readonly launch?: Uint8Array;
}

/** What the helper is told before it enters the Keep. */
export interface StartInput {
  readonly place: Place;
  /** BOOT and what follows it. */
  readonly boot: Uint8Array;
  readonly sites: readonly Site[];
  readonly patch: boolean;
  readonly strict: boolean;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Whether the loader hears what the shim of a debug Keep tells. */
  readonly trace: boolean;
  /** Whether a debugger may stop it: its threads wait for the loader's word before they enter. */
  readonly debugger: boolean;
  /** KVM: whether a thread of the helper watches the host-call blocks. */
  readonly switchless: boolean;
  /** From the first entry on; 0 for none. */
  readonly timeLimitMs: number;
  /** Emulated: most pages in the EPC; 0 for no limit. */
  readonly epcPages: bigint;
  /** What the Keep may open of the host's files. */
  readonly grants: readonly { readonly readOnly: boolean }[];
  /** Of the descriptors that come after those of grants: what `image_read` reads. */
  readonly parts: readonly Range[];
  /** Emulated, for tests: what else START can say. */
  readonly emulation?: Emulation;
}

/** Hardship that emulation can play. */
export interface Emulation {
  readonly aexPeriodUs?: number;
  readonly seed?: bigint;
  readonly ioctlPages?: number;
  /** An AEX, and a hostile entry, after every instruction of the Keep between two offsets. */
  readonly step?: { readonly from: bigint; readonly to: bigint };
  /** Turns off the emulator's own checks, so that the shim's are seen. */
  readonly trust?: boolean;
  /** What the hostile test helper does; the real one refuses them. */
  readonly lies?: readonly Lie[];
}

/** A lie of the host's, at the `nth` call of `number` (0: at each), see LIE_KIND. */
export interface Lie {
  readonly number: number;
  readonly nth: number;
  readonly kind: number;
  readonly value: bigint;
  readonly size?: number;
  readonly at?: bigint;
}

/** A range and its permissions: R 1, W 2, X 4. */
export interface Mapped extends Range {
  readonly permissions: number;
}

function runMapping(run: PageRun): Mapped {
  const { read, write, execute } = run.permissions;
  // The CPU alone touches a TCS, but the VMA through which it is entered must be there: RW, as the driver wants.
  const permissions = run.kind === 'tcs' ? 3 : (read ? 1 : 0) | (write ? 2 : 0) | (execute ? 4 : 0);
  return { offset: run.address, length: BigInt(run.pages * PAGE_SIZE), permissions };
}

/** The ranges that the helper maps, ascending, neighbours of one permission joined. */
export function mappingsOf(plan: PagePlan, dynamic: readonly Range[]): Mapped[] {
  const all = [
    ...plan.runs.filter((run) => run.kind !== 'secs').map(runMapping),
    ...dynamic.map((range) => ({ ...range, permissions: 3 })),
  ].sort((a, b) => (a.offset < b.offset ? -1 : Number(a.offset > b.offset)));
  const joined: Mapped[] = [];
  for (const range of all) {
    const last = joined.at(-1);
    if (
      last !== undefined &&
      last.permissions === range.permissions &&
      last.offset + last.length === range.offset
    ) {
      joined[joined.length - 1] = { ...last, length: last.length + range.length };
    } else joined.push(range);
  }
  return joined;
}

/** Of an SGX Keep; `dynamic` are the ranges that it may add memory to while it runs, RW. */
export function sgxPlace(plan: PagePlan, dynamic: readonly Range[], base: bigint, emulated: boolean): Place {
  return {
    backend: emulated ? BACKEND.EMULATED : BACKEND.HARDWARE,
    base,
    size: plan.size,
    mappings: mappingsOf(plan, dynamic),
    threads: tcsOffsets(plan).map((offset) => new Uint8Array(new BigUint64Array([offset]).buffer)),
  };
}

function flagsOf(input: StartInput): number {
  const set: readonly [boolean, number][] = [
    [input.strict, START_FLAGS.STRICT],
    [input.patch, START_FLAGS.PATCH],
    [input.emulation?.step !== undefined, START_FLAGS.STEP],
    [input.emulation?.trust ?? false, START_FLAGS.TRUST],
    [input.stdin, START_FLAGS.STDIN],
    [input.stdout, START_FLAGS.STDOUT],
    [input.stderr, START_FLAGS.STDERR],
    [input.trace, START_FLAGS.TRACE],
    [input.debugger, START_FLAGS.DEBUGGER],
    [input.switchless, START_FLAGS.SWITCHLESS],
  ];
  return set.reduce((flags, [on, bit]) => (on ? flags | bit : flags), 0);
}

/** The payload of START. */
export function encodeStart(input: StartInput): Uint8Array {
  if (input.grants.length > GRANTS_MOST) {
    const [expected, found] = [`at most ${GRANTS_MOST}`, input.grants.length];
    throw new MotteError('LOAD_OPTION', { field: 'grants', expected, found });
  }
  const { backend, base, size, mappings, threads } = input.place;
  const { aexPeriodUs = 0, seed = 0n, ioctlPages = 0, step, lies = [] } = input.emulation ?? {};
  const parts = [
    START.write({
      version: PROTOCOL_VERSION,
      backend,
      base,
      size,
      flags: flagsOf(input),
      mapping_count: mappings.length,
      tcs_count: threads.length,
      site_count: input.sites.length,
      lie_count: lies.length,
      boot_length: input.boot.length,
      time_limit_ms: input.timeLimitMs,
      aex_period_us: aexPeriodUs,
      seed,
      epc_pages: input.epcPages,
      ioctl_pages: ioctlPages,
      grant_count: input.grants.length,
      step_from: step?.from ?? 0n,
      step_to: step?.to ?? 0n,
      part_count: input.parts.length,
    }),
    ...mappings.map((range) => MAPPING.write(range)),
    ...threads,
    ...input.sites.map((site) => SITE.write(site)),
    ...lies.map((lie) => LIE.write(lie)),
    ...input.grants.map(({ readOnly }) => GRANT.write({ flags: readOnly ? GRANT_FLAGS.READ_ONLY : 0 })),
    ...input.parts.map((part) => IMAGE_PART.write(part)),
    ...(input.place.launch === undefined ? [] : [input.place.launch]),
    input.boot,
  ];
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
