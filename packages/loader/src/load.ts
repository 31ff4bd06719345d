// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { sha256 } from '@motte/measure/hash';
import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { bootMessage } from './boot.js';
import { checkSwitchless, choose } from './choice.js';
import { emulatedBackend } from './emulated/enclave.js';
import { closeGrants, openGrants } from './grants.js';
import { encodeStart, sgxPlace } from './helper/start.js';
import type { Emulation, Place, Range } from './helper/start.js';
import { Keep } from './keep.js';
import type { Fill } from './keep.js';
import { dynamicRanges } from './keep-info.js';
import { launchVm, vmInfo } from './vm/launch.js';
import type { SnpOptions } from './snp/launch.js';
import { launch } from './launch.js';
import { teePlatform } from './platform.js';
import { helperPath } from './prebuilt.js';
import { explainEinit } from './sgx/explain.js';
import { hardwareBackend, hardwareBase } from './sgx/enclave.js';
import type { Site } from '@motte/elf/sites';
import type { PagePlan } from '@motte/plan/plan';
import type { BackendName, Choice, Emulate } from './choice.js';
import type { GrantPaths } from './grants.js';
import type { StdioMode } from './helper/process.js';
import type { Listener, Stop } from './told.js';
import type { ServedFiles } from './keep/image-files.js';
import type { LaunchInput } from './launch.js';
import type { ReadyEnclave } from './backend.js';
import type { Descriptor } from './native.js';

export type { BackendName, Emulate } from './choice.js';
export type { End, Keep, KeepStats, Peek } from './keep.js';
export type { CallerRegisters, Listener, Stop, Told } from './told.js';
export type { StdioMode } from './helper/process.js';
export type { GrantPaths } from './grants.js';

/** What is loaded: a signed image and its configuration. */
export interface Image {
  readonly plan: PagePlan;
  /** SGX: SIGSTRUCT, 1808 bytes, for the plan's MRENCLAVE and attributes. */
  readonly sigstruct?: Uint8Array;
  /** The config blob; its SHA-256 becomes CONFIGID or HOST_DATA, or stands in the plan. */
  readonly config: Uint8Array;
  /** The index and the contents of the image's files, each in an open file, where the config blob names an index. */
  readonly files?: ServedFiles;
  /** The shim's patchable instructions; without them nothing is patched. */
  readonly sites?: readonly Site[];
}

/** An image that an SGX Keep is made of. */
export interface SgxImage extends Image {
  readonly sigstruct: Uint8Array;
}

/** What a Keep may use of the machine. */
export interface Limits {
  /** Milliseconds from the first entry on; then it ends as `killed`. */
  readonly timeMs?: number;
  /** Emulated: most pages of protected memory, as if the EPC were that small. */
  readonly epcPages?: number;
}

export interface LoadOptions {
  /** `auto` by default. */
  readonly backend?: BackendName;
  readonly emulate?: Emulate;
  /** Arguments and environment from the host; the shim refuses what the configuration does not leave to the host. */
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  /** `inherit` by default; one mode for all three, or one each. */
  readonly stdio?: StdioMode | readonly [StdioMode, StdioMode, StdioMode];
  readonly limits?: Limits;
  /** Where the host has what the configuration's `[[files]]` grant: a host path for each path in the Keep. */
  readonly grants?: GrantPaths;
  /** Aborts the Keep, before or while it runs. */
  readonly signal?: AbortSignal;
  /** SNP: the policy, and who vouches for the Keep. */
  readonly snp?: Omit<SnpOptions, 'hostData'>;
  /** Emulated: replace the shim's slow instructions in memory after it was measured; true by default. */
  readonly patch?: boolean;
  /**
   * In a VM: a thread of the host watches for host calls, and those that it can answer at once take no exit (ADR 0032). It spins on a
   * CPU of its own while the Keep makes such calls.
   */
  readonly switchless?: boolean;
  /** The helper stays after the end, for `peek` and `stats`, until `close`. */
  readonly linger?: boolean;
  /** Emulated: hardship for tests. */
  readonly emulation?: Emulation;
  /** Of a debug Keep whose shim has the component `debug`: hears its system calls. */
  readonly listener?: Listener;
  /**
   * Of a debug Keep, emulated or of plain KVM: hears of stops. No thread enters the Keep before `debugGo`; INT3 and single steps are the
   * debugger's, and a signal that ends the Keep stops it first.
   */
  readonly stopped?: (stop: Stop) => void;
  /** Another helper than the built one, for tests. */
  readonly helper?: string;
}

/** Bytes of CONFIGID. */
const CONFIGID_BYTES = 64;

/** SHA-256 of the blob, and 32 zero bytes: SECS.CONFIGID. The caller owns it. */
export function configId(blob: Uint8Array): Uint8Array {
  const id = new Uint8Array(CONFIGID_BYTES);
  id.set(sha256(blob));
  return id;
}

function checkLimit(value: number | undefined, field: string, most: number): number {
  if (value === undefined) return 0;
  if (!Number.isSafeInteger(value) || value < 1 || value > most) {
    throw new MotteError('LOAD_OPTION', { field, expected: `1 to ${most}`, found: value });
  }
  return value;
}

/** What the helper reads of the image's files: the index, then the contents. Throws LOAD_OPTION. */
function partsOf(files: ServedFiles | undefined): { readonly fd: number; readonly range: Range }[] {
  if (files === undefined) return [];
  return Object.entries({ index: files.index, contents: files.contents }).map(([name, { size, open }]) => {
    if (open === undefined)
      throw new MotteError('LOAD_OPTION', { field: `files.${name}`, expected: 'a range of an open file' });
    return { fd: open.fd, range: { offset: BigInt(open.offset), length: BigInt(size) } };
  });
}

function checkSignal(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new MotteError('LOAD_ABORTED', { cause: signal.reason });
}

/** A Keep that lacks nothing but its helper, and in a VM what is in its memory; its owner closes it. */
interface Launched {
  readonly place: Place;
  readonly memory: Descriptor;
  /** Emulated: the state of the EPC. KVM: the device. */
  readonly beside?: Descriptor;
  readonly sev?: Descriptor;
  readonly measurement: Uint8Array | Fill;
  close(): void;
}

function launchSgx(image: Image, choice: Choice): ReadyEnclave {
  if (image.sigstruct === undefined)
    throw new MotteError('LOAD_OPTION', { field: 'sigstruct', expected: '1808 bytes', found: 'none' });
  const input: LaunchInput = {
    sigstruct: image.sigstruct,
    configId: configId(image.config),
    base: choice.emulated ? 0n : hardwareBase(image.plan.size),
  };
  if (choice.emulated) return launch(image.plan, emulatedBackend(), input);
  try {
    return launch(image.plan, hardwareBackend(), input);
  } catch (error) {
    throw explainEinit(error, image.plan, input);
  }
}

function launchMachine(image: Image, choice: Choice, options: LoadOptions): Launched {
  const snp =
    choice.tee === 'snp'
      ? { ...options.snp, hostData: sha256(image.config), simulated: choice.emulated }
      : undefined;
  const { device, fill, ...launched } = launchVm(image.plan, snp);
  return { ...launched, beside: device, measurement: fill };
}

function launchImage(
  image: Image,
  choice: Choice,
  dynamic: readonly Range[],
  options: LoadOptions,
): Launched {
  if (choice.tee !== 'sgx') return launchMachine(image, choice, options);
  const enclave = launchSgx(image, choice);
  const { base, memory, epc, measurement } = enclave;
  return {
    place: sgxPlace(image.plan, dynamic, base, choice.emulated),
    memory,
    ...(epc === undefined ? {} : { beside: epc }),
    measurement,
    close: () => enclave.close(),
  };
}

function checkPlan({ plan }: Image, { tee }: Choice): void {
  if (plan.tee !== tee)
    throw new MotteError('LOAD_OPTION', { field: 'backend', expected: `a plan for ${tee}`, found: plan.tee });
}

/**
 * Loads an image into a Keep and starts it. Resolves when the Keep is about to be entered. Rejects with what the
 * CPU refuses, TEE_MISSING, HOST_MEMORY, HELPER_START ...; nothing is left behind then.
 */
export async function load(image: Image, options: LoadOptions = {}): Promise<Keep> {
  const begun = performance.now();
  const { stdio = 'inherit', limits = {}, signal } = options;
  checkSignal(signal);
  const timeLimitMs = checkLimit(limits.timeMs, 'limits.timeMs', 0xffffffff);
  const epcPages = checkLimit(limits.epcPages, 'limits.epcPages', Number.MAX_SAFE_INTEGER);
  const dynamic = image.plan.tee === 'sgx' ? dynamicRanges(image.plan) : [];
  const choice = choose(
    options.backend ?? (image.plan.tee === 'sgx' ? 'auto' : image.plan.tee),
    options.emulate ?? false,
    dynamic.length > 0,
    teePlatform,
  );
  checkPlan(image, choice);
  if (choice.tee === 'snp' && choice.emulated && options.patch === false)
    throw new MotteError('LOAD_OPTION', {
      field: 'patch',
      expected: 'true: this CPU has no VMGEXIT and no PVALIDATE, so a simulated SEV-SNP replaces them',
      found: 'false',
    });
  if (options.stopped !== undefined && choice.tee !== 'kvm' && !choice.emulated)
    throw new MotteError('LOAD_OPTION', {
      field: 'stopped',
      expected: 'an emulated Keep, or one of plain KVM',
      found: `hardware (${choice.tee})`,
    });
  if (options.switchless === true)
    checkSwitchless(choice, options.stopped !== undefined, availableParallelism());
  const boot = bootMessage(image.config, { args: options.args ?? [], env: options.env ?? [] });
  const path = options.helper ?? helperPath();
  const modes = typeof stdio === 'string' ? ([stdio, stdio, stdio] as const) : stdio;

  const parts = partsOf(image.files);
  const grants = openGrants(image.config, options.grants ?? {});
  let launched: Launched | undefined;
  try {
    launched = launchImage(image, choice, dynamic, options);
    const start = encodeStart({
      place: launched.place,
      boot,
      sites: choice.tee === 'sgx' || (choice.tee === 'snp' && choice.emulated) ? (image.sites ?? []) : [],
      patch: choice.emulated && (options.patch ?? true),
      strict: choice.strict,
      stdin: modes[0] !== 'ignore',
      stdout: modes[1] !== 'ignore',
      stderr: modes[2] !== 'ignore',
      trace: options.listener !== undefined,
      debugger: options.stopped !== undefined,
      switchless: options.switchless ?? false,
      timeLimitMs,
      epcPages: BigInt(epcPages),
      grants,
      parts: parts.map(({ range }) => range),
      ...(options.emulation === undefined ? {} : { emulation: options.emulation }),
    });
    checkSignal(signal);
    return await Keep.start({
      path,
      stdio: modes,
      memory: launched.memory.fd,
      ...(launched.beside === undefined ? {} : { beside: launched.beside.fd }),
      ...(launched.sev === undefined ? {} : { sev: launched.sev.fd }),
      grants: grants.map(({ fd }) => fd),
      parts: parts.map(({ fd }) => fd),
      emulated: choice.emulated,
      measurement: launched.measurement,
      start,
      size: image.plan.tee === 'sgx' ? launched.place.size : vmInfo(image.plan).heap_end,
      tee: image.plan.tee,
      linger: options.linger ?? false,
      begun,
      ...(signal === undefined ? {} : { signal }),
      ...(options.listener === undefined ? {} : { listener: options.listener }),
      ...(options.stopped === undefined ? {} : { stopped: options.stopped }),
    });
  } finally {
    // The helper has its own copies by now, or will never have any.
    launched?.close();
    closeGrants(grants);
  }
}
