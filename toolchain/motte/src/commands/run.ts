// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import { PAGE_SIZE } from '@motte/binary/range';
import type { HostValues } from '@motte/config/host-values';
import type { KeepConfig } from '@motte/config/keep-config';
import { roughSize } from '@motte/config/size';
import { choose } from '@motte/loader/choice';
import type { BackendName, Choice } from '@motte/loader/choice';
import { cr4Names } from '@motte/loader/kvm/cr4';
import { load } from '@motte/loader/load';
import type { End, Keep, LoadOptions } from '@motte/loader/load';
import { teePlatform } from '@motte/loader/platform';
import { measureSgx } from '@motte/measure/sgx';
import { measureSnp } from '@motte/measure/snp';
import { vmLaunchPlan } from '@motte/plan/vm/launch';
import { planTotals } from '@motte/plan/totals';
import { debugOption, openSession } from '../debug/session.js';
import type { Session } from '../debug/session.js';
import type { Input, Outcome } from '../grammar/command.js';
import type { OptionValues } from '../grammar/options.js';
import { writeFile } from '../io/output.js';
import { say } from '../io/stdout.js';
import { endStatus, endStats } from '../keep/end.js';
import { faultingOf, faultLine } from '../keep/faulting.js';
import { grantPaths } from '../keep/grants.js';
import { looksLikeImage } from '../keep/kind.js';
import { planTee, prepare } from '../keep/prepare.js';
import type { Prepared } from '../keep/prepare.js';
import { fixedSettings, hostSettings, runSettings, variables } from '../keep/settings.js';
import { signPlan } from '../keep/sign.js';
import type { Signed } from '../keep/sign.js';
import { watchSignals } from '../keep/signals.js';

/** A grant that nobody serves would be a silent refusal inside. */
function checkGrants({ listen, connect }: KeepConfig): void {
  const refuse = (field: string, expected: string, found: string | number): never => {
    throw new MotteError('GRANT_UNSUPPORTED', { field, expected, found });
  };
  for (const [i, { protocol }] of listen.entries())
    if (protocol === 'tls') refuse(`listen[${i}].protocol`, '"tcp" or "udp"', protocol);
  for (const [i, { host }] of connect.entries())
    if (isIP(host) === 0) refuse(`connect[${i}].host`, 'an IP address', host);
}

function decide({ tee = 'auto', emulate }: OptionValues, { sgx }: KeepConfig): Choice {
  const wanted = emulate === undefined ? false : emulate === 'strict' ? 'strict' : true;
  return choose(tee as BackendName, wanted, sgx.version === 2, teePlatform);
}

/** What the headline says of an image: which it is, and who signed it. */
function imageWords({ image }: Prepared): string[] {
  if (image === undefined) return [];
  const signers = image.signers.map(({ keyid }) => `${keyid.slice(0, 8)}…`);
  const by = signers.length === 0 ? 'nobody' : signers.join(', ');
  return [`image ${image.digest.slice(7, 15)}… signed by ${by}`];
}

/** The image's own SIGSTRUCT; without one the plan is signed here. Nothing but SGX wants one. */
function signedPlan(
  prepared: Prepared,
  measurement: Uint8Array,
  options: OptionValues,
): Partial<Signed> & Pick<Signed, 'developer'> {
  if (prepared.plan.tee !== 'sgx') return { developer: false };
  const sigstruct = prepared.image?.sgx.sigstruct;
  if (sigstruct === undefined) return signPlan(prepared.plan, measurement, prepared.config, options);
  if (options.key !== undefined)
    throw new MotteError('USAGE_VALUE', { field: '--key', expected: 'not to be given with a signed image' });
  return { sigstruct, developer: false };
}

/** How strict emulation interrupts a Keep: about so often, at times that follow from the seed. */
interface Interruptions {
  readonly aexPeriodUs: number;
  readonly seed: bigint;
}

/** A mean of 20 ms: each AEX costs about 1 ms here. MOTTE_SEED gives the seed that an earlier run said. */
function interruptions({ strict }: Choice): Interruptions | undefined {
  if (!strict) return undefined;
  const given = process.env['MOTTE_SEED'];
  if (given === undefined) return { aexPeriodUs: 20_000, seed: randomBytes(8).readBigUInt64LE() | 1n };
  if (!/^(0x[0-9a-f]{1,16}|[0-9]{1,19})$/.test(given) || BigInt(given) === 0n)
    throw new MotteError('USAGE_VALUE', { field: 'MOTTE_SEED', expected: '1 to 2^64-1', found: given });
  return { aexPeriodUs: 20_000, seed: BigInt(given) };
}

/** What the Keep is identified by, and what protects it. */
function teeWords({ tee, emulated }: Choice, measurement: Uint8Array): string[] {
  const beginning = `${toHex(measurement).slice(0, 8)}…`;
  if (tee === 'kvm') return ['kvm', 'not protected: the host can read and change it', `digest ${beginning}`];
  if (tee === 'snp')
    return emulated
      ? ['snp (simulated)', 'not protected: its firmware is software', `digest ${beginning}`]
      : ['snp', `digest ${beginning}`];
  return [emulated ? 'sgx (emulated)' : 'sgx', `mrenclave ${beginning}`];
}

/** `sgx (emulated) · mrenclave 1f2e3d4c… · 3.1 MiB measured · dev-signed` */
function headline(
  choice: Choice,
  measurement: Uint8Array,
  prepared: Prepared,
  signed: Pick<Signed, 'developer'>,
  seed: bigint | undefined,
): string {
  const { sgx, args, env } = prepared.config;
  const bytes = planTotals(prepared.plan).measured * PAGE_SIZE;
  return [
    ...teeWords(choice, measurement),
    `${roughSize(bytes)} measured`,
    ...imageWords(prepared),
    ...(signed.developer ? ['dev-signed'] : []),
    ...(seed === undefined ? [] : [`strict, seed 0x${seed.toString(16)}`]),
    ...(sgx.debug ? ['debug: the host can read it'] : []),
    ...(args === 'host' ? ['args from the host'] : []),
    ...(env === 'host' ? ['env from the host'] : []),
  ].join(' · ');
}

/** Emulation executes what would be SIGILL in an enclave: who wants to know how hardware ends hears of it. */
function sayFaulting(prepared: Prepared): void {
  for (const one of faultingOf(prepared) ?? [])
    if (!one.served) say(`motte: ${faultLine(one)} in an enclave`);
}

/** A Keep that runs, and how long it took from the call of `load`, in milliseconds. */
interface Started {
  readonly keep: Keep;
  readonly begun: number;
  readonly loaded: number;
}

/** An image was measured when it was verified; what is loaded is measured again by who launches it. Nothing predicts KVM's. */
function measurementOf({ plan, image }: Prepared): Uint8Array {
  const known = plan.tee === 'kvm' ? undefined : image?.[plan.tee]?.measurement;
  return known ?? (plan.tee === 'sgx' ? measureSgx(plan) : measureSnp(vmLaunchPlan(plan)));
}

/** The ID block of an image, with which the firmware launches nothing else. */
function snpIdentity({ plan, image }: Prepared): Pick<LoadOptions, 'snp'> {
  const id = plan.tee === 'snp' ? image?.snp?.identity : undefined;
  return id === undefined ? {} : { snp: { id } };
}

async function start(
  prepared: Prepared,
  host: HostValues,
  options: OptionValues,
  signal: AbortSignal,
  session: Session | undefined,
): Promise<Started> {
  const { plan, keep, config } = prepared;
  const grants = grantPaths(options, config, prepared.kind === 'image');
  const choice = decide(options, config);
  const measurement = measurementOf(prepared);
  const signed = signedPlan(prepared, measurement, options);
  const emulation = interruptions(choice);
  const debug = session?.debugger;
  if (debug !== undefined && choice.tee !== 'kvm' && !choice.emulated)
    throw new MotteError('DEBUG_REFUSED', {
      field: '--gdb',
      expected: '--emulate or --tee kvm',
      found: `a Keep that hardware protects (${choice.tee})`,
    });
  if (options.switchless === true && (choice.tee === 'sgx' || debug !== undefined))
    throw new MotteError('USAGE_VALUE', {
      field: '--switchless',
      expected: '--tee kvm or snp, without --gdb',
      found: debug === undefined ? choice.tee : '--gdb',
    });
  say(headline(choice, measurement, prepared, signed, emulation?.seed));
  if (choice.strict) sayFaulting(prepared);
  const begun = performance.now();
  const image = {
    plan,
    ...(signed.sigstruct === undefined ? {} : { sigstruct: signed.sigstruct }),
    config: keep?.config ?? new Uint8Array(0),
    sites: keep?.sites ?? [],
    ...(prepared.files === undefined ? {} : { files: prepared.files }),
  };
  const running = await load(image, {
    backend: choice.emulated && choice.tee === 'sgx' ? 'auto' : choice.tee,
    emulate: choice.emulated && (choice.strict ? 'strict' : true),
    args: host.args,
    env: host.env.map(({ key, value }) => `${key}=${value}`),
    grants,
    stdio: [config.stdin === 'null' ? 'ignore' : 'inherit', 'inherit', 'inherit'],
    patch: options['no-patch'] !== true,
    switchless: options.switchless === true,
    ...snpIdentity(prepared),
    signal,
    ...(emulation === undefined ? {} : { emulation }),
    // What it leaves behind is read after its end.
    ...(session === undefined ? {} : { listener: session.observer.listen, linger: true }),
    ...(debug === undefined ? {} : { stopped: debug.stopped }),
  });
  session?.observer.attach(running);
  await debug?.attach(running);
  // Of a VM, `load` goes on to compute the digest while the Keep runs.
  const loaded = begun + running.loadMs;
  if (running.cr4Missing !== 0)
    say(`this KVM lacks ${cr4Names(running.cr4Missing).join(', ')}: the shim runs without`);
  if (running.cpuidCorrected !== 0)
    say(`the firmware has corrected ${running.cpuidCorrected} rows of the CPUID page to what this CPU has`);
  if (config.files.length > 0 && running.landlock === 0)
    say('this kernel has no Landlock: what is granted of its files is kept apart by openat2 alone');
  return { keep: running, begun, loaded };
}

async function writeStats(
  prepared: Prepared,
  { keep, begun, loaded }: Started,
  end: End,
  to: string,
): Promise<void> {
  const times = { load: loaded - begun, total: performance.now() - begun };
  const stats = endStats(prepared.plan.tee, keep, end, await keep.stats(), planTotals(prepared.plan), times);
  if (to === '') say(JSON.stringify(stats));
  else writeFile(to, `${JSON.stringify(stats)}\n`);
}

/** Of a program that is given as such, whoever wants to look into its Keep gets a Keep that can be looked into. */
function asDebug(options: OptionValues): OptionValues {
  const wanted = debugOption(options);
  if (wanted === undefined || options.debug === true || options.config !== undefined) return options;
  say(`motte: ${wanted} makes this a debug Keep: its measurement is another one, and the host can read it`);
  return { ...options, debug: true };
}

/** What FILE is, planned, and what the command line gives to it. */
async function prepareRun({ options, words: [file = ''], rest }: Input): Promise<[Prepared, HostValues]> {
  const env = variables(options);
  if (!looksLikeImage(file)) {
    const settings = runSettings(asDebug(options), file, env, rest);
    checkGrants(settings.config);
    if (options.signer !== undefined)
      throw new MotteError('USAGE_VALUE', { field: '--signer', expected: 'an image as FILE' });
    const tee = planTee(options.tee);
    return [await prepare(file, { ...options, as: 'exec' }, settings, tee), settings.host];
  }
  const tee = planTee(options.tee);
  const prepared = await prepare(file, { ...options, as: 'image' }, fixedSettings({}, file), tee);
  try {
    checkGrants(prepared.config);
    return [prepared, hostSettings(prepared.config, env, rest)];
  } catch (error) {
    prepared.close();
    throw error;
  }
}

/** `motte run FILE [ARG…]` */
export async function run(input: Input): Promise<Outcome> {
  const { options } = input;
  const [prepared, host] = await prepareRun(input);
  const watch = watchSignals();
  let session: Session | undefined;
  try {
    session = await openSession(prepared, options);
    const started = await start(prepared, host, options, watch.signal, session);
    const end = await started.keep.exited;
    session?.debugger?.ended(end);
    await session?.observer.ended(end, started.keep);
    if (options.stats !== undefined) await writeStats(prepared, started, end, options.stats);
    return { result: undefined, text: '', exit: watch.status() ?? endStatus(end) };
  } catch (error) {
    const status = watch.status();
    if (status === undefined) throw error;
    return { result: undefined, text: '', exit: status };
  } finally {
    watch.release();
    session?.close();
    prepared.close();
  }
}
