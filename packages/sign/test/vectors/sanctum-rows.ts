// SPDX-License-Identifier: Apache-2.0
import { fromHex, toHex } from '@motte/binary/hex';
import { measureSanctum } from '@motte/measure/sanctum';
import type { SanctumFlavourName } from '@motte/measure/sanctum/flavours';
import { readSanctumOperations } from '@motte/measure/sanctum/operations';
import { publicKeyOf } from '@motte/sign/ed25519';
import { attestSanctum, verifySanctumAttestation } from '@motte/sign/sanctum/attestation';
import { checkRow, object, objects, text } from './folder.js';
import type { Meta, Row, RowResult, VectorFolder } from './folder.js';
import { patched, poolRange } from './keystone-rows.js';

function checkAttestation(row: Row, vector: Meta, measurement: Uint8Array, data: Meta): void {
  const secret = fromHex(text(data, 'sm_secret_key_expanded'));
  const monitorKey = fromHex(text(data, 'sm_public_key'));
  row.equal('sm_public_key', toHex(publicKeyOf(secret)), data['sm_public_key']);
  const found = attestSanctum(secret, measurement);
  row.equal('enclave_pk', toHex(found.publicKey), vector['enclave_pk']);
  row.equal('enclave_sk_expanded', toHex(found.secretKey), vector['enclave_sk_expanded']);
  row.equal('attestation', toHex(found.signature), vector['attestation']);
  const given = {
    publicKey: fromHex(text(vector, 'enclave_pk')),
    signature: fromHex(text(vector, 'attestation')),
  };
  row.equal('verifies', verifySanctumAttestation(given, measurement, monitorKey), true);
  const other = patched(measurement, { offset: 0, xor: 1 });
  row.equal('of another measurement', verifySanctumAttestation(given, other, monitorKey), false);
}

/** sanctum: an enclave a row, of either monitor. */
export function sanctumRows(folder: VectorFolder): RowResult[] {
  const data = folder.json('sanctum.json');
  const pool = folder.file(text(data, 'pool'));
  const each = (flavour: SanctumFlavourName, digest: string): RowResult[] =>
    objects(object(data[flavour], flavour)['cases'], `${flavour}.cases`).map((vector) =>
      checkRow(`${flavour} ${text(vector, 'name')}`, (row) => {
        const operations = readSanctumOperations(flavour, vector['ops'], (range) => poolRange(pool, range));
        const measurement = measureSanctum(flavour, operations);
        row.equal(digest, toHex(measurement), vector[digest]);
        if (flavour === 'mit') checkAttestation(row, vector, measurement, data);
      }),
    );
  return [...each('pwnall', 'measurement_sha256'), ...each('mit', 'measurement_sha512')];
}
