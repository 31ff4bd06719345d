// SPDX-License-Identifier: Apache-2.0
// What a user waits for: whole processes, ours and others', in turns.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '@motte/binary/hex';
import { measureSgx } from '@motte/measure/sgx';
import { tempFolder } from '@motte/test-helpers/temp';
import type { Goal, Outcome, Row } from '../outcome.js';
import { randomBytes, sgxPlan } from '../plans.js';
import { MOTTE, spawned } from '../spawned.js';
import type { Spawned } from '../spawned.js';
import { row } from '../stats.js';
import { writeFirmware, writeProgram } from './inputs.js';
import { gramine, sevSnpMeasure, sgxSign } from './peers.js';
import type { Peer } from './peers.js';

const MIB = 1 << 20;
const LARGE = 256;
const SMALL = 16;
const GUEST = ['--vcpus', '1', '--vcpu-type', 'EPYC-v4', '--guest-features', '0x1'];
const ENCLAVE = BigInt(LARGE * MIB);

interface Sample {
  readonly wall: number[];
  readonly cpu: number[];
}

function take(into: Sample, { wallMs, cpuMs, stdout }: Spawned): string {
  into.wall.push(wallMs);
  into.cpu.push(cpuMs);
  return stdout.trim();
}

const empty = (): Sample => ({ wall: [], cpu: [] });

function rows(what: string, { wall, cpu }: Sample): Row[] {
  return wall.length === 0 ? [] : [row(what, 'ms', wall), row(`${what}, CPU time`, 'ms', cpu)];
}

/** How many times faster than a peer: beside us by the clock, else by what it is said to have taken elsewhere. */
function faster(peer: Peer, theirs: Sample, ours: Sample, mib: number): Goal {
  const quoted = peer.quoted.startMs + (1000 * mib * MIB) / peer.quoted.speed;
  const beside = theirs.wall.length > 0;
  const ratio = (beside ? Math.min(...theirs.wall) : quoted) / Math.min(...ours.wall);
  const against = beside ? '' : `, against ${quoted.toFixed(0)} ms as FACTS.md has it`;
  return {
    what: `whole process for ${mib} MiB, beside ${peer.name}`,
    goal: 'at least 3 times faster',
    found: `${ratio.toFixed(2)} (best runs${against})`,
    met: ratio >= 3,
  };
}

function firmware(folder: string, mib: number, runs: number): { rows: Row[]; goals: Goal[]; peer: Peer } {
  const file = join(folder, 'firmware.fd');
  writeFirmware(file, mib * MIB, 'random');
  const peer = sevSnpMeasure(GUEST);
  const [ours, theirs] = [empty(), empty()];
  for (let i = 0; i < runs; i++) {
    const digest = take(ours, spawned(MOTTE, ['measure', 'snp', ...GUEST, '--ovmf', file]));
    if (peer.run !== undefined && take(theirs, peer.run(file)) !== digest)
      throw new Error(`${peer.name} has another digest of ${mib} MiB of firmware`);
  }
  rmSync(file);
  const found = Math.min(...ours.wall);
  const small: Goal = {
    what: `whole process for ${mib} MiB of firmware`,
    goal: 'under 150 ms',
    found: `${found.toFixed(0)} ms (best run)`,
    met: found < 150,
  };
  return {
    rows: [
      ...rows(`motte measure snp, ${mib} MiB of firmware`, ours),
      ...rows(`${peer.name}, the same`, theirs),
    ],
    goals: [mib === SMALL ? small : faster(peer, theirs, ours, mib)],
    peer,
  };
}

function enclave(folder: string, runs: number): { rows: Row[]; goals: Goal[]; peers: Peer[] } {
  const program = join(folder, 'program');
  const blob = join(folder, 'blob');
  const bytes = randomBytes(LARGE * MIB);
  writeProgram(program, LARGE * MIB, 'random');
  writeFileSync(blob, bytes);
  const peer = gramine(ENCLAVE);
  const [ours, theirs] = [empty(), empty()];
  let digest: string | undefined;
  for (let i = 0; i < runs; i++) {
    take(ours, spawned(MOTTE, ['measure', 'sgx', program]));
    if (peer.run !== undefined) digest = take(theirs, peer.run(blob));
  }
  const all = { read: true, write: true, execute: true };
  const plan = sgxPlan(bytes);
  const same = {
    ...plan,
    runs: plan.runs.map((run) => (run.kind === 'reg' ? { ...run, permissions: all } : run)),
  };
  if (digest !== undefined && digest !== toHex(measureSgx(same)))
    throw new Error(`${peer.name} has another MRENCLAVE`);
  return {
    rows: [
      ...rows(`motte measure sgx, a program of ${LARGE} MiB`, ours),
      ...rows(`${peer.name}, a segment of as many bytes`, theirs),
    ],
    goals: [faster(peer, theirs, ours, LARGE), faster(sgxSign, empty(), ours, LARGE)],
    peers: [peer, sgxSign],
  };
}

export function whole(): Outcome {
  const folder = tempFolder('motte-bench');
  const small = firmware(folder, SMALL, 10);
  const large = firmware(folder, LARGE, 5);
  const sgx = enclave(folder, 5);
  return {
    rows: [...small.rows, ...large.rows, ...sgx.rows],
    goals: [...small.goals, ...large.goals, ...sgx.goals],
    notes: [large.peer, ...sgx.peers]
      .filter(({ run }) => run === undefined)
      .map(({ name, missing }) => `${name} is ${missing}.`),
  };
}
