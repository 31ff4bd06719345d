// SPDX-License-Identifier: Apache-2.0
import type { Reply, SentPart } from '../messages.js';
import { startMeasurement } from './client.js';
import type { Measurement } from './client.js';
import { byId, element } from './elements.js';
import { companions, fillForm, readForm } from './form.js';
import { partView } from './result.js';
import { tableView } from './table.js';
import type { TableView } from './table.js';

const form = byId('form', HTMLFormElement);
const input = byId('files', HTMLInputElement);
const zone = byId('zone', HTMLLabelElement);
const bar = byId('bar', HTMLProgressElement);
const words = byId('status', HTMLElement);
const cancel = byId('cancel', HTMLButtonElement);
const results = byId('results', HTMLElement);

let images: readonly File[] = [];
let running: Measurement | undefined;
let tables = new Map<number, TableView>();

/** What is going on, in the line that screen readers follow; `busy` shows the bar and the button that ends it. */
function say(text: string, busy = false): void {
  words.textContent = text;
  bar.hidden = !busy;
  cancel.hidden = !busy;
  results.setAttribute('aria-busy', String(busy));
}

function addPart(index: number, file: string, part: SentPart): void {
  const id = `image-${index}`;
  let article = document.getElementById(id);
  if (article === null) {
    article = element('article', { id }, element('h2', {}, file));
    results.append(article);
  }
  let view: TableView | undefined;
  if (part.rows !== undefined) {
    const { table } = part.rows;
    view = tableView(part.title, part.rows, (from, count) =>
      running?.send({ type: 'rows', table, from, count }),
    );
    tables.set(table, view);
  }
  article.append(partView(part, view?.root));
}

function hear(reply: Reply): void {
  switch (reply.type) {
    case 'progress': {
      const { step, done, total } = reply.progress;
      bar.value = done / total;
      // Only a new step is said: a screen reader would never come to an end with percentages.
      const text = `${reply.file}: ${step}`;
      if (words.textContent !== text) say(text, true);
      return;
    }
    case 'part':
      addPart(reply.image, reply.file, reply.part);
      return;
    case 'rows':
      tables.get(reply.table)?.show(reply.from, reply.rows);
      return;
    case 'done':
      say('Done. Nothing has left this page.');
  }
}

function stop(text: string): void {
  running?.end();
  running = undefined;
  say(text);
}

function start(): void {
  if (images.length === 0) return;
  stop('');
  tables = new Map();
  results.replaceChildren();
  say('Starting', true);
  bar.value = 0;
  running = startMeasurement({ images, ...companions() }, readForm(), hear, (message) =>
    stop(`The measurement failed: ${message}`),
  );
}

function take(files: FileList | null | undefined): void {
  if (files === null || files === undefined || files.length === 0) return;
  images = [...files];
  start();
}

/** A file that is dropped on a chooser is its own affair. */
function onChooser(event: DragEvent): boolean {
  return event.target instanceof HTMLInputElement && event.target.type === 'file';
}

fillForm();
input.addEventListener('change', () => take(input.files));
form.addEventListener('change', (event) => {
  if (event.target !== input) start();
});
form.addEventListener('submit', (event) => {
  event.preventDefault();
  start();
});
cancel.addEventListener('click', () => stop('Cancelled.'));
document.addEventListener('dragover', (event) => {
  if (onChooser(event)) return;
  event.preventDefault();
  zone.classList.add('over');
});
document.addEventListener('dragleave', () => zone.classList.remove('over'));
document.addEventListener('drop', (event) => {
  zone.classList.remove('over');
  if (onChooser(event)) return;
  event.preventDefault();
  take(event.dataTransfer?.files);
});
