// SPDX-License-Identifier: Apache-2.0
import { MotteError } from '@motte/binary/error';
import { toHex } from '@motte/binary/hex';
import { PAGE_SIZE } from '@motte/binary/range';
import type { KeepConfig } from '@motte/config/keep-config';
import { roughSize } from '@motte/config/size';
import { choose } from '@motte/loader/choice';
import type { BackendName, Choice } from '@motte/loader/choice';
import { load } from '@motte/loader/load';
import type { End, Keep } from '@motte/loader/load';
import { platformInfo } from '@motte/loader/platform';
import { measureSgx } from '@motte/measure/sgx';
import { planTotals } from '@motte/plan/totals';
import type { Input, Outcome } from '../grammar/command.js';
import type { OptionValues } from '../grammar/options.js';
import { writeFile } from '../io/output.js';
import { say } from '../io/stdout.js';
import { endStatus, endStats } from '../keep/end.js';
import { prepare } from '../keep/prepare.js';
import type { Prepared } from '../keep/prepare.js';
import { runSettings } from '../keep/settings.js';
import type { Settings } from '../keep/settings.js';
import { signPlan } from '../keep/sign.js';
import type { Signed } from '../keep/sign.js';
import { watchSignals } from '../keep/signals.js';

/** The loader serves standard streams alone; a grant that nobody serves would be a silent refusal inside. */
function checkGrants({ files, listen, connect }: KeepConfig): void {
  const granted = Object.entries({ files, listen, connect }).find(([, list]) => list.length > 0);
  if (granted === undefined) return;
  throw new MotteError('GRANT_UNSUPPORTED', {
    field: granted[0],
    expected: 'no entry',
    found: granted[1].length,
  });
}

function decide({ tee = 'auto', emulate }: OptionValues, { sgx }: KeepConfig): Choice {
  const wanted = emulate === undefined ? false : emulate === 'strict' ? 'strict' : true;
  return choose(tee as BackendName, wanted, sgx.version === 2, platformInfo);
}

/** `sgx (emulated) · mrenclave 1f2e3d4c… · 3.1 MiB measured · dev-signed` */
function headline(
  { emulated }: Choice,
  measurement: Uint8Array,
  prepared: Prepared,
  signed: Signed,
  { sgx, args, env }: KeepConfig,
): string {
  const bytes = planTotals(prepared.plan).measured * PAGE_SIZE;
  return [
    emulated ? 'sgx (emulated)' : 'sgx',
    `mrenclave ${toHex(measurement).slice(0, 8)}…`,
    `${roughSize(bytes)} measured`,
    ...(signed.developer ? ['dev-signed'] : []),
    ...(sgx.debug ? ['debug: the host can read it'] : []),
    ...(args === 'host' ? ['args from the host'] : []),
    ...(env === 'host' ? ['env from the host'] : []),
  ].join(' · ');
}

/** A Keep that runs, and how long it took from the call of `load`, in milliseconds. */
interface Started {
  readonly keep: Keep;
  readonly begun: number;
  readonly loaded: number;
}

async function start(
  prepared: Prepared,
  settings: Settings,
  options: OptionValues,
  signal: AbortSignal,
): Promise<Started> {
  const { plan, keep } = prepared;
  const choice = decide(options, settings.config);
  const measurement = measureSgx(plan);
  const signed = signPlan(plan, measurement, settings.config, options);
  say(headline(choice, measurement, prepared, signed, settings.config));
  const begun = performance.now();
  const image = {
    plan,
    sigstruct: signed.sigstruct,
    config: keep?.config ?? new Uint8Array(0),
    sites: keep?.sites ?? [],
  };
  const running = await load(image, {
    backend: choice.emulated ? 'auto' : 'sgx',
    emulate: choice.emulated && (choice.strict ? 'strict' : true),
    args: settings.host.args,
    env: settings.host.env.map(({ key, value }) => `${key}=${value}`),
    stdio: [settings.config.stdin === 'null' ? 'ignore' : 'inherit', 'inherit', 'inherit'],
    patch: options['no-patch'] !== true,
    signal,
  });
  return { keep: running, begun, loaded: performance.now() };
}

async function writeStats(
  prepared: Prepared,
  { keep, begun, loaded }: Started,
  end: End,
  to: string,
): Promise<void> {
  const times = { load: loaded - begun, total: performance.now() - begun };
  const stats = endStats(keep, end, await keep.stats(), planTotals(prepared.plan), times);
  if (to === '') say(JSON.stringify(stats));
  else writeFile(to, `${JSON.stringify(stats)}\n`);
}

/** `motte run FILE [ARG…]` */
export async function run({ options, words: [file = ''], rest }: Input): Promise<Outcome> {
  const settings = runSettings(options, file, rest);
  checkGrants(settings.config);
  const prepared = prepare(file, { ...options, as: 'exec' }, settings);
  const watch = watchSignals();
  try {
    const started = await start(prepared, settings, options, watch.signal);
    const end = await started.keep.exited;
    if (options.stats !== undefined) await writeStats(prepared, started, end, options.stats);
    return { result: undefined, text: '', exit: watch.status() ?? endStatus(end) };
  } catch (error) {
    const status = watch.status();
    if (status === undefined) throw error;
    return { result: undefined, text: '', exit: status };
  } finally {
    watch.release();
    prepared.close();
  }
}
