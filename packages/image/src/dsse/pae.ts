// SPDX-License-Identifier: Apache-2.0

/**
 * The bytes that a DSSE signature covers: payload type and payload, each with its length before it, so that no type can
 * be taken for part of a payload. DSSE protocol 1.0.2, PAE. The caller owns them.
 */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const utf8 = new TextEncoder();
  const type = utf8.encode(payloadType);
  const head = utf8.encode(`DSSEv1 ${type.length} ${payloadType} ${payload.length} `);
  const out = new Uint8Array(head.length + payload.length);
  out.set(head);
  out.set(payload, head.length);
  return out;
}
