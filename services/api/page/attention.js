// By exception: the racks that need somebody's eye, the worst first.

import { html } from './lib.js';
import { age, number, plural } from './format.js';
import { stateOf } from './racks.js';
import { news, now, open, racks } from './state.js';
import { Mark } from './words.js';

const MOST = 100;

export function Attention() {
  void news.value;
  if (racks.rev === null) return html`<p class="quiet">Waiting for the first picture.</p>`;
  if (!racks.order.length) return html`<p class="quiet">No rack has been heard of yet.</p>`;
  const rows = racks.abnormal();
  if (!rows.length) {
    return html`<p class="quiet">Nothing abnormal among ${plural(racks.order.length, 'rack')}.</p>`;
  }
  const more = rows.length - MOST;
  return html`<ul class="attention">${rows.slice(0, MOST).map(item)}</ul>
    ${more > 0 && html`<p class="quiet">and ${number(more, 0)} more: see the table.</p>`}`;
}

function item(row) {
  const go = (event) => {
    event.preventDefault();
    open(row.id);
  };
  return html`<li key=${row.id}>
    <a href=${`#rack=${encodeURIComponent(row.id)}`} onClick=${go}>
      <${Mark} state=${stateOf(row)} />
      <b>${row.id}</b>
      <span class="n">${age(now.value - row.measured_at)}</span>
    </a>
  </li>`;
}
