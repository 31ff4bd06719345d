// SPDX-License-Identifier: Apache-2.0
import type { Digest, Fact, Failure } from '../core/report.js';
import type { SentPart } from '../messages.js';
import { element } from './elements.js';

/** Without a clipboard (the browser refuses, or has none) the digest is marked, for the keys to copy. */
async function copy(hex: string, output: HTMLElement, button: HTMLButtonElement): Promise<void> {
  try {
    await navigator.clipboard.writeText(hex);
    button.textContent = 'Copied';
  } catch {
    getSelection()?.selectAllChildren(output);
    button.textContent = 'Press Ctrl+C';
  }
}

function digestLine({ name, profile, hex }: Digest): HTMLElement {
  const output = element('code', { class: 'digest' }, hex);
  const button = element(
    'button',
    { type: 'button', 'aria-label': `Copy ${name} ${profile ?? ''}`.trim() },
    'Copy',
  );
  button.addEventListener('click', () => void copy(hex, output, button));
  return element(
    'div',
    { class: 'line' },
    element(
      'div',
      {},
      element('strong', {}, name),
      ...(profile === undefined ? [] : [element('small', {}, profile)]),
    ),
    output,
    button,
  );
}

function factList(facts: readonly Fact[]): HTMLElement {
  const pairs = facts.flatMap(({ name, value }) => [element('dt', {}, name), element('dd', {}, value)]);
  return element('dl', {}, ...pairs);
}

function failureBox({ code, message, fix, facts }: Failure): HTMLElement {
  return element(
    'div',
    { class: 'failure', role: 'alert' },
    element('p', {}, element('strong', {}, code), ` ${message}`),
    ...(facts.length === 0 ? [] : [factList(facts)]),
    element('p', {}, fix),
  );
}

/** What one TEE makes of a file; `table` is the view of its page table. */
export function partView(part: SentPart, table: HTMLElement | undefined): HTMLElement {
  const { title, digests = [], facts = [], notes = [], failure } = part;
  return element(
    'section',
    {},
    element('h3', {}, title),
    ...(failure === undefined ? [] : [failureBox(failure)]),
    ...digests.map(digestLine),
    ...(facts.length === 0 ? [] : [factList(facts)]),
    ...notes.map((text) => element('p', {}, text)),
    ...(table === undefined ? [] : [table]),
  );
}
