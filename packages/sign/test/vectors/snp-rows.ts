// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { MotteError } from '@motte/binary/error';
import { fromHex, toHex } from '@motte/binary/hex';
import { bytesSource } from '@motte/binary/source';
import { CPU_TYPES } from '@motte/measure/profiles/cpu-types';
import { VMM_PROFILES } from '@motte/measure/profiles/vmm';
import { readToolArgv } from '@motte/measure/sev-snp-measure/argv';
import { TOOL_DIALECT } from '@motte/measure/sev-snp-measure/dialect';
import { sevLaunch } from '@motte/measure/sev-snp-measure/launch';
import { sevRequest } from '@motte/measure/sev-snp-measure/request';
import { measureSnp } from '@motte/measure/snp';
import { readSnpPageLists } from '@motte/measure/snp-page-lists';
import { newSha256 } from '@motte/measure/hash';
import type { SevFirmware } from '@motte/plan/firmware/sev-metadata';
import { NO_BYTES } from '@motte/plan/sources';
import { kernelHashes } from '@motte/plan/snp/kernel-hashes';
import { snpLaunchPlan } from '@motte/plan/snp/launch';
import type { VmmProfile } from '@motte/plan/snp/profile';
import { vmsaPage } from '@motte/plan/snp/vmsa';
import { checkRow, object, objects, text } from './folder.js';
import type { Meta, Row, RowResult, VectorFolder } from './folder.js';

function sha(algorithm: 'sha384' | 'sha256' | 'sha512', bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest('hex');
}

/**
 * An image that is not stored but described: a filler from a label and a counter, and the end from a file.
 */
function built(folder: VectorFolder, build: Meta): Uint8Array {
  const label = new TextEncoder().encode(text(build, 'label'));
  const size = Number(build['size']);
  const out = new Uint8Array(Math.ceil(size / 32) * 32);
  const counter = new Uint8Array(4);
  for (let at = 0; at < out.length; at += 32) {
    new DataView(counter.buffer).setUint32(0, at / 32);
    out.set(createHash('sha256').update(label).update(counter).digest(), at);
  }
  const tail = folder.file(text(build, 'tail'));
  const image = out.slice(0, size);
  image.set(tail, size - tail.length);
  return image;
}

/** The files of a folder by name, each checked against the sum that the JSON gives. */
function fileReader(folder: VectorFolder, files: Meta): (name: string) => Uint8Array {
  const known = new Map<string, Uint8Array>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const entry = object(files[name], name);
    const bytes =
      entry['stored'] === undefined
        ? built(folder, object(entry['build'], 'build'))
        : folder.file(text(entry, 'stored'));
    if (sha('sha512', bytes) !== entry['sha512'])
      throw new Error(`${name}: another file than the vector means`);
    known.set(name, bytes);
    return bytes;
  };
}

/** What `motte sev-snp-measure` computes of a command line. */
function sevSnpMeasure(argv: readonly string[], file: (name: string) => Uint8Array): Uint8Array {
  const call = readToolArgv(argv);
  if (call.kind !== 'measure') throw new Error(`a vector that asks for ${call.kind}`);
  const request = sevRequest(call.mode, call.options, TOOL_DIALECT);
  return sevLaunch(request, (path) => bytesSource(file(path))).measure();
}

/** snp-launch-ovmf: a command line of sev-snp-measure a row. */
export function launchRows(folder: VectorFolder): RowResult[] {
  const data = folder.json('digests.json');
  const file = fileReader(folder, object(data['files'], 'files'));
  return objects(data['rows'], 'rows').map((vector) =>
    checkRow(text(vector, 'id'), (row) => {
      const argv = vector['argv'] as string[];
      if (vector['error'] === undefined) {
        row.equal('digest', toHex(sevSnpMeasure(argv, file)), vector['digest']);
        return;
      }
      try {
        sevSnpMeasure(argv, file);
      } catch (error) {
        if (!(error instanceof MotteError)) throw error;
        // The tool's text names the option first.
        const [about] = /--?vcpus|kernel/iu.exec(text(vector, 'error')) ?? [];
        row.equal('field', error.field, `--${about?.replaceAll('-', '').toLowerCase() ?? ''}`);
        return;
      }
      row.fail('accepted');
    }),
  );
}

/** snp-page-lists: a list of pages a row, with the digest after each. */
export function pageListRows(folder: VectorFolder): RowResult[] {
  const data = folder.json('lists.json');
  const read = readSnpPageLists(data, (name) => bytesSource(folder.file(name)));
  return objects(data['lists'], 'lists').map((list, i) =>
    checkRow(text(list, 'name'), (row) => {
      const { name, plan } = read[i] ?? { name: 'none', plan: { tee: 'snp', runs: [] } };
      row.equal('name', name, list['name']);
      const digests: string[] = [];
      const final = measureSnp(plan, { onStep: ({ digest }) => void digests.push(toHex(digest)) });
      const steps = objects(list['steps'], 'steps');
      row.equal(
        'digests',
        digests,
        steps.map((step) => step['digest']),
      );
      row.equal('final', toHex(final), list['final']);
    }),
  );
}

function checkVmsa(row: Row, vector: Meta): void {
  const vmm = text(vector, 'vmm');
  const superseded = vector['superseded'] !== undefined;
  const name = superseded ? (vmm.split('-')[0] ?? vmm) : vmm;
  const profile: VmmProfile | undefined = (VMM_PROFILES as Readonly<Record<string, VmmProfile>>)[name];
  if (profile === undefined) throw new Error(`no profile ${name}`);
  const signature = Number(vector['vcpu_sig']);
  const type = vector['vcpu_type'];
  if (typeof type === 'string') row.equal('vcpu_sig', CPU_TYPES[type], signature);
  const page = vmsaPage(vector['vcpu'] === 'bsp' ? profile.firstVcpu : profile.otherVcpus, {
    eip: Number(text(vector, 'eip')),
    sevFeatures: BigInt(text(vector, 'guest_features')),
    ...(profile.signatureInRdx ? { signature } : {}),
  });
  if (superseded) {
    if (sha('sha384', page) === vector['sha384']) row.fail('the superseded page was produced');
    return;
  }
  const words: Record<string, string> = {};
  for (let at = 0; at < page.length; at += 8) {
    const word = page.subarray(at, at + 8);
    if (word.some((byte) => byte !== 0)) words[`0x${at.toString(16).padStart(3, '0')}`] = toHex(word);
  }
  row.equal('nonzero_qwords', words, vector['nonzero_qwords']);
  row.equal('sha384', sha('sha384', page), vector['sha384']);
  row.equal('sha256', sha('sha256', page), vector['sha256']);
}

/** snp-vmsa: an initial VMSA page a row. */
export function vmsaRows(folder: VectorFolder): RowResult[] {
  const rows: unknown = JSON.parse(new TextDecoder().decode(folder.file('vmsa.json')));
  return objects(rows, 'vmsa.json').map((vector, i) =>
    checkRow(
      `${i} ${String(vector['vmm'])} ${String(vector['vcpu_type'])} ${String(vector['vcpu'])}`,
      (row) => checkVmsa(row, vector),
    ),
  );
}

/** A launch that hardware has seen: its firmware is known by digest and sections alone. */
function checkHardwareLaunch(row: Row, vector: Meta, inputs: Meta): void {
  const firmware: SevFirmware = {
    sections: objects(inputs['ovmf_sections'], 'ovmf_sections').map((section) => ({
      gpa: Number(section['gpa']),
      size: Number(section['size']),
      type: Number(section['section_type']),
    })),
    hashTable: { gpa: Number(inputs['sev_hashes_table_gpa']), size: 1024 },
    resetEip: Number(inputs['sev_es_reset_eip']),
    svsmEntry: undefined,
  };
  const { cmdline } = kernelHashes({ kernel: NO_BYTES, cmdline: text(inputs, 'base_cmdline') }, newSha256);
  const plan = snpLaunchPlan({
    file: 'ovmf',
    start: fromHex(text(inputs, 'ovmf_hash')),
    firmware,
    profile: (VMM_PROFILES as Readonly<Record<string, VmmProfile>>)[text(vector, 'vmm')] ?? VMM_PROFILES.QEMU,
    vcpus: {
      count: Number(inputs['vcpus']),
      features: BigInt(Number(inputs['guest_features'])),
      signature: Number(vector['vcpu_sig']),
    },
    kernel: {
      cmdline,
      kernel: fromHex(text(inputs, 'kernel_hash')),
      initrd: fromHex(text(inputs, 'initrd_hash')),
    },
  });
  row.equal('measurement', toHex(measureSnp(plan)), vector['measurement']);
}

/**
 * snp-hw-launch: a launch by hardware a row; rows that refer to command lines of snp-launch-ovmf use its
 * files.
 */
export function hardwareRows(
  folder: VectorFolder,
  sibling: (name: string) => VectorFolder | undefined,
): RowResult[] {
  const rows: unknown = JSON.parse(new TextDecoder().decode(folder.file('hw.json')));
  return objects(rows, 'hw.json').map((vector) =>
    checkRow(text(vector, 'name'), (row) => {
      const { inputs } = vector;
      if (typeof inputs === 'object' && inputs !== null) {
        checkHardwareLaunch(row, vector, object(inputs, 'inputs'));
        return;
      }
      const ovmf = sibling('snp-launch-ovmf');
      if (ovmf === undefined) throw new Error('snp-launch-ovmf is not beside this folder');
      const data = ovmf.json('digests.json');
      const file = fileReader(ovmf, object(data['files'], 'files'));
      const digest = (argv: readonly string[]): string => toHex(sevSnpMeasure(argv, file));
      if (vector['rows'] !== undefined) {
        for (const { features, old, new: wanted } of objects(vector['rows'], 'rows')) {
          const found = digest([
            '--mode',
            'snp',
            '--vmm-type',
            'ec2',
            '--vcpus',
            '1',
            '--ovmf',
            'ovmf_AmdSev_suffix.bin',
            '--kernel',
            'empty.bin',
            '--initrd',
            'empty.bin',
            '--append',
            '',
            '--guest-features',
            String(features),
          ]);
          row.equal(`features ${String(features)}`, found, wanted);
          if (found === old) row.fail('the superseded digest was produced');
        }
        return;
      }
      const ids = [...text(vector, 'inputs').matchAll(/\bL\d+\b/gu)].map(([id]) => id);
      const expected = Object.values(object(vector['measurement'], 'measurement'));
      row.equal('rows', ids.length, expected.length);
      const known = objects(data['rows'], 'rows');
      ids.forEach((id, i) => {
        const argv = known.find((other) => other['id'] === id)?.['argv'] as string[];
        row.equal(id, digest(argv), expected[i]);
      });
    }),
  );
}
