// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { ATTRIBUTES } from '@motte/binary/sgx/attributes';
import { SECS } from '@motte/binary/sgx/secs';
import { readBytes } from '@motte/binary/source';
import type { ByteSource } from '@motte/binary/source';
import type { KeepConfig } from '@motte/config/keep-config';
import { shimVariant } from '@motte/config/shim-variant';
import { finish } from '@motte/binary/steps';
import { packFilesSteps } from '@motte/loader/keep/image-files';
import type { PackedFiles, ServedFiles } from '@motte/loader/keep/image-files';
import { readElf } from '@motte/elf/read';
import type { VerifiedImage } from '@motte/image/verify';
import { shimPath } from '@motte/loader/prebuilt';
import { newSha256 } from '@motte/measure/hash';
import { KEEP_TEES } from '@motte/measure/keep-tees';
import { detectKind } from '@motte/plan/file-kind';
import type { FileKind } from '@motte/plan/file-kind';
import { readPlan } from '@motte/plan/ndjson/read';
import type { PagePlan } from '@motte/plan/plan';
import { checkProgramFile } from '@motte/measure/program-file';
import { planKeep } from '@motte/plan/plan-keep';
import type { PlannedKeep } from '@motte/plan/plan-keep';
import { SHIM_FILE } from '@motte/plan/sgx/keep';
import { sdkPlan } from '@motte/plan/sgx/sdk';
import { readSdkMetadata } from '@motte/plan/sgx/sdk/metadata';
import { readSgxs } from '@motte/plan/sgx/sgxs';
import type { OptionValues } from '../grammar/options.js';
import { openFile } from '../io/file.js';
import type { InputFile } from '../io/file.js';
import { looksLikeImage } from './kind.js';
import type { InputKind } from './kind.js';
import type { Settings } from './settings.js';

/** A file that went into a plan. */
export interface PlanInput {
  readonly role: 'exec' | 'shim' | 'config' | 'plan' | 'sgxs' | 'enclave' | 'source';
  readonly file: InputFile;
}

/** A plan and what it was made of. `close` it when nothing reads the plan's bytes any more. */
export interface Prepared {
  readonly kind: InputKind;
  /** By which rules the plan was made: the layout of a Keep, the version of an SDK's metadata, else the kind. */
  readonly profile: string;
  readonly plan: PagePlan;
  readonly inputs: readonly PlanInput[];
  /** Only a program's Keep has a config blob, and a shim with its sites. */
  readonly keep?: PlannedKeep;
  /** An image's own, else what Keep.toml and the options say. */
  readonly config: KeepConfig;
  /** What it is given of the files of `[[image]]`. */
  readonly files?: ServedFiles;
  /** The image that it is of, when it is of one: verified. */
  readonly image?: VerifiedImage;
  close(): void;
}

type Planned = Pick<Prepared, 'profile' | 'plan' | 'keep' | 'files'>;

/** For which TEE a plan is made. */
export type PlanTee = PagePlan['tee'];

/** The shim that comes with Motte for such a Keep. */
function shimFile(sgx: Pick<KeepConfig['sgx'], 'version' | 'debug'>, tee: PlanTee): string {
  return shimPath(`${shimVariant(sgx, tee)}.elf`);
}

/** The files of one preparation, closed together. */
class Inputs {
  readonly list: PlanInput[] = [];
  packed: PackedFiles | undefined;

  open(role: PlanInput['role'], path: string): InputFile {
    const file = openFile(path);
    this.list.push({ role, file });
    return file;
  }

  close(): void {
    for (const { file } of this.list.splice(0)) file.close();
    this.packed?.close();
    this.packed = undefined;
  }
}

function execKeep(
  inputs: Inputs,
  file: InputFile,
  { config, argv0, folder, serves }: Settings,
  shimOption: string | undefined,
  tee: PlanTee,
): Planned {
  const shim = inputs.open('shim', shimOption ?? shimFile(config.sgx, tee));
  if (config.image.length > 0) inputs.packed = finish(packFilesSteps(config.image, folder, serves === true));
  const { packed } = inputs;
  const index = packed === undefined ? {} : { index: packed };
  checkProgramFile(file, packed);
  const keep = planKeep({ exec: file, shim, file: file.path, argv0, config, tee: KEEP_TEES[tee], ...index });
  const files = packed?.served;
  const profile = tee === 'sgx' ? `keep-sgx${config.sgx.version}` : `keep-${tee}`;
  return { profile, plan: keep.plan, keep, ...(files === undefined ? {} : { files }) };
}

/** Most bytes of a written plan: its lines are held, with what they carry inline. */
const MOST_PLAN = 1 << 28;

/** The lines of a written plan. Throws FILE_ACCESS for one that is too large, FILE_KIND for what is no text. */
function linesOf(file: InputFile): string[] {
  if (file.size > MOST_PLAN)
    throw new MotteError('FILE_ACCESS', {
      field: file.path,
      expected: `a written plan of at most ${MOST_PLAN} bytes`,
      found: file.size,
    });
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readBytes(file, 0, file.size));
  } catch (cause) {
    if (cause instanceof MotteError) throw cause;
    throw new MotteError('FILE_KIND', {
      field: file.path,
      expected: 'a written plan, UTF-8',
      found: 'other bytes',
      cause,
    });
  }
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** Whether the SECS of a written plan, its first line, asks for a debug Keep. What is no such line the reader refuses. */
function isDebug(line: string | undefined): boolean {
  const data = /"section":"secs".*"data":"([A-Za-z0-9+/]*)"/.exec(line ?? '')?.[1];
  if (data === undefined) return false;
  const secs = new Uint8Array(SECS.size);
  secs.set(Buffer.from(data, 'base64').subarray(0, SECS.size));
  return (SECS.read(secs).attributes & ATTRIBUTES.DEBUG) !== 0n;
}

/** Only the SGX1 layout has its heap in the plan, and each layout has its own shim; of a VM's plan nothing says `debug`. */
function shimOf(lines: readonly string[], { sgx }: KeepConfig): string {
  if (lines.at(-1)?.includes('"kind":"vmsa"') === true) return shimFile(sgx, 'kvm');
  const heap = lines.some((line) => line.includes('"source":{"file":"keep","section":"heap"'));
  return shimFile({ version: heap ? 1 : 2, debug: isDebug(lines[0]) }, 'sgx');
}

function writtenPlan(
  inputs: Inputs,
  file: InputFile,
  shimOption: string | undefined,
  config: KeepConfig,
): PagePlan {
  const lines = linesOf(file);
  const open = (name: string): ByteSource =>
    name === SHIM_FILE
      ? inputs.open('shim', shimOption ?? shimOf(lines, config))
      : inputs.open('source', name);
  return readPlan(lines, open, newSha256);
}

/** The plan of an enclave of Intel's SDK, by the first of its metadata blocks, which is the newest. */
function sdkEnclave(file: InputFile): Planned {
  const elf = readElf(file);
  const [metadata] = readSdkMetadata(elf);
  if (metadata === undefined)
    throw new MotteError('SDK_METADATA', { field: file.path, expected: 'a metadata block' });
  const { version_major: major, version_minor: minor } = metadata.head;
  return { profile: `sdk-${major}.${minor}`, plan: sdkPlan(elf, metadata, file.path) };
}

/** What an .sgxs stream does not say of the SECS, from the configuration; MRENCLAVE does not cover it. */
function secsOptions({ sgx }: KeepConfig): { attributes: bigint } {
  return { attributes: sgx.debug ? 6n : 4n };
}

function planOf(
  kind: FileKind,
  inputs: Inputs,
  file: InputFile,
  options: OptionValues,
  settings: Settings,
  tee: PlanTee,
): Planned {
  if (kind === 'exec') return execKeep(inputs, file, settings, options.shim, tee);
  if (kind === 'plan')
    return { profile: kind, plan: writtenPlan(inputs, file, options.shim, settings.config) };
  if (kind === 'enclave') return sdkEnclave(file);
  return { profile: kind, plan: readSgxs(file, { file: file.path, ...secsOptions(settings.config) }) };
}

/** Throws FILE_KIND for a file whose plan is for another TEE than the one that was asked for. */
function checkPlanTee(path: string, found: PlanTee, tee: PlanTee): void {
  if (found === tee) return;
  const expected = `a program, or a Keep for ${tee}`;
  throw new MotteError('FILE_KIND', { field: path, expected, found: `a Keep for ${found}` });
}

/** Makes the plan of a file that is no image. */
function prepareFile(path: string, options: OptionValues, settings: Settings, tee: PlanTee): Prepared {
  const inputs = new Inputs();
  try {
    const main = openFile(path);
    inputs.list.push({ role: 'exec', file: main });
    const kind = (options.as as FileKind | undefined) ?? detectKind(path, main);
    inputs.list[0] = { role: kind, file: main };
    const made = planOf(kind, inputs, main, options, settings, tee);
    checkPlanTee(path, made.plan.tee, tee);
    return { kind, ...made, config: settings.config, inputs: inputs.list, close: () => inputs.close() };
  } catch (error) {
    inputs.close();
    throw error;
  }
}

/**
 * Makes the plan of a FILE of any kind, for SGX if no TEE is given. Rejects with FILE_KIND, IMAGE_*, and all that reading and planning throw.
 */
export async function prepare(
  path: string,
  options: OptionValues,
  settings: Settings,
  tee: PlanTee = 'sgx',
): Promise<Prepared> {
  const image = options.as === undefined ? looksLikeImage(path) : options.as === 'image';
  if (!image) return prepareFile(path, options, settings, tee);
  // Later, because whoever runs a program should not wait for what reads images.
  const { prepareImage } = await import('./image.js');
  return prepareImage(path, options, tee);
}

/** The TEE of `--tee` that a plan is made for; without it, or `auto`, SGX. */
export function planTee(tee: string | undefined): PlanTee {
  return tee === 'kvm' || tee === 'snp' ? tee : 'sgx';
}
