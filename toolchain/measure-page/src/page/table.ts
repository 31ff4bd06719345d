// SPDX-License-Identifier: Apache-2.0
import type { Row } from '../core/report.js';
import type { Table } from '../messages.js';
import { element } from './elements.js';

/** Rows that are shown at once. */
const PAGE_ROWS = 100;
const HEADINGS = ['Address', 'Pages', 'Kind', 'Permissions', 'Contents measured', 'Source'] as const;

/** A page table on the page, which asks for the rows that it shows. */
export interface TableView {
  readonly root: HTMLElement;
  /** Rows that were asked for have come. */
  show(from: number, rows: readonly Row[]): void;
}

function cells({ address, pages, kind, permissions, measured, source }: Row): HTMLElement {
  const texts = [String(pages), kind, permissions, measured ? 'yes' : 'no', source];
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, address),
    ...texts.map((text) => element('td', {}, text)),
  );
}

/** Makes the view of a table that `title` is the name of; nothing is asked for before it is opened. */
export function tableView(
  title: string,
  { count }: Table,
  ask: (from: number, count: number) => void,
): TableView {
  const body = element('tbody');
  const where = element('span', { role: 'status' });
  const before = element('button', { type: 'button' }, 'Previous');
  const after = element('button', { type: 'button' }, 'Next');
  let at = 0;
  const turn = (by: number) => (): void => ask(at + by, PAGE_ROWS);
  before.addEventListener('click', turn(-PAGE_ROWS));
  after.addEventListener('click', turn(PAGE_ROWS));
  const headings = HEADINGS.map((text) => element('th', { scope: 'col' }, text));
  const table = element(
    'table',
    {},
    element('caption', {}, `Page table, ${title}, in launch order`),
    element('thead', {}, element('tr', {}, ...headings)),
    body,
  );
  const pager = element('p', { class: 'pager' }, before, after, where);
  const root = element(
    'details',
    {},
    element('summary', {}, `Page table: ${count} ${count === 1 ? 'run' : 'runs'} of pages`),
    // A region that scrolls must be reachable by keyboard.
    element(
      'div',
      { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': `Page table, ${title}` },
      table,
    ),
    ...(count > PAGE_ROWS ? [pager] : []),
  );
  root.addEventListener('toggle', () => {
    if (root.open && body.childElementCount === 0) ask(0, PAGE_ROWS);
  });
  return {
    root,
    show(from, rows) {
      at = from;
      body.replaceChildren(...rows.map(cells));
      where.textContent = `${from + 1} to ${from + rows.length} of ${count}`;
      before.disabled = from === 0;
      after.disabled = from + rows.length >= count;
    },
  };
}
