// SPDX-License-Identifier: Apache-2.0
// The packets that begin with q or Q. GDB manual 13.1, E.4.
import { PACKET_MOST } from './packet.js';
import { targetXml } from './registers.js';
import type { Target } from './target.js';
import { BAD, OK, UNKNOWN, hexBytes, piece, textOf } from './text.js';

const SUPPORTED = [
  `PacketSize=${PACKET_MOST.toString(16)}`,
  'QStartNoAckMode+',
  'swbreak+',
  'vContSupported+',
  'qXfer:features:read+',
  'qXfer:auxv:read+',
  'qXfer:exec-file:read+',
].join(';');

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The objects that qXfer reads, as Latin-1. */
function object(kind: string, annex: string, target: Target): string | undefined {
  switch (kind) {
    case 'features':
      return annex === 'target.xml' ? targetXml() : undefined;
    case 'auxv':
      return textOf(target.auxv);
    case 'exec-file':
      return textOf(utf8(target.exec));
    default:
      return undefined;
  }
}

function transfer(packet: string, target: Target): string {
  const [, kind, annex, at, many] =
    /^qXfer:([a-z-]+):read:([^:]*):([0-9a-f]{1,8}),([0-9a-f]{1,8})$/.exec(packet) ?? [];
  if (kind === undefined || annex === undefined || at === undefined || many === undefined) return UNKNOWN;
  const whole = object(kind, annex, target);
  // Half of a packet: each byte may need an escape.
  const most = PACKET_MOST / 2 - 1;
  return whole === undefined ? 'E00' : piece(whole, parseInt(at, 16), Math.min(parseInt(many, 16), most));
}

/** The answer to a query; `selected`: the thread of `Hg`. */
export async function queries(packet: string, target: Target, selected: number): Promise<string> {
  const name = /^[qQ][A-Za-z]*/.exec(packet)?.[0] ?? '';
  switch (name) {
    case 'qSupported':
      return SUPPORTED;
    case 'QStartNoAckMode':
      return OK;
    case 'qOffsets':
      return `TextSeg=${target.bias.toString(16)}`;
    case 'qXfer':
      return transfer(packet, target);
    case 'qC':
      return `QC${selected.toString(16)}`;
    case 'qAttached':
      return '0';
    case 'qfThreadInfo': {
      const ids = (await target.threads()).map(({ id }) => id.toString(16));
      return ids.length === 0 ? 'l' : `m${ids.join(',')}`;
    }
    case 'qsThreadInfo':
      return 'l';
    case 'qThreadExtraInfo': {
      const id = parseInt(packet.slice('qThreadExtraInfo,'.length), 16);
      const found = (await target.threads()).find((thread) => thread.id === id);
      return found === undefined ? BAD : hexBytes(utf8(found.doing));
    }
    case 'qSymbol':
      return OK;
    default:
      return UNKNOWN;
  }
}
