// SPDX-License-Identifier: Apache-2.0
import { enarxRows } from './enarx-rows.js';
import { openFolder } from './folder.js';
import type { RowResult, VectorFolder } from './folder.js';
import { gramineRows } from './gramine-rows.js';
import { idRows } from './id-rows.js';
import { keystoneRows } from './keystone-rows.js';
import { pefRows } from './pef-rows.js';
import { sanctumRows } from './sanctum-rows.js';
import { sdkRows } from './sdk-rows.js';
import { sevRows } from './sev-rows.js';
import { hardwareRows, launchRows, pageListRows, vmsaRows } from './snp-rows.js';
import { sigstructRows } from './sigstruct-rows.js';
import { streamRows } from './stream-rows.js';
import { mrtdRows, rtmrRows, tdxListRows } from './tdx-rows.js';

/**
 * The folders of vectors that are understood, and how; `scripts/check-vectors` runs them over any data of
 * these shapes.
 */
export const FOLDERS: Readonly<
  Record<string, (folder: VectorFolder, sibling: (name: string) => VectorFolder | undefined) => RowResult[]>
> = {
  'sgx-signed-enclaves': sdkRows,
  'sgxs-streams': streamRows,
  'sgx-enarx': enarxRows,
  'sgx-sigstruct': sigstructRows,
  'sgx-intel-signer': sdkRows,
  'sgx-gramine': gramineRows,
  'snp-launch-ovmf': launchRows,
  'snp-page-lists': pageListRows,
  'snp-vmsa': vmsaRows,
  'snp-hw-launch': hardwareRows,
  'snp-id-block': idRows,
  'sev-legacy': sevRows,
  'tdx-mrtd': mrtdRows,
  'tdx-page-lists': tdxListRows,
  'tdx-rtmr': rtmrRows,
  keystone: keystoneRows,
  sanctum: sanctumRows,
  'pef-esm': pefRows,
};

/** The rows of a folder below `root`; `undefined` when it is not there. */
export function checkFolder(root: string, name: string): RowResult[] | undefined {
  const folder = openFolder(root, name);
  const rows = FOLDERS[name];
  if (rows === undefined) throw new Error(`no checks are known for vectors called ${name}`);
  return folder === undefined ? undefined : rows(folder, (other) => openFolder(root, other));
}
