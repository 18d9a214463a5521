// The page: the fleet at a glance, live.

import { html, render } from './lib.js';
import { Attention } from './attention.js';
import { RackMap } from './map.js';
import { RackPanel } from './rack.js';
import { Banner, Spoken, Top, Totals } from './shell.js';
import { connected, open, selected, show, start, view } from './state.js';
import { RackTable } from './table.js';

function App() {
  const id = selected.value;
  return html`<div class=${connected.value ? 'page' : 'page lost'}>
    <${Top} />
    <${Banner} />
    <${Totals} />
    <${Spoken} />
    <main>
      <section class="fleet" aria-label="Racks">
        <${Views} />
        ${view.value === 'table' ? html`<${RackTable} />` : html`<${RackMap} />`}
      </section>
      <aside aria-label=${id ? 'Rack' : 'What is not normal'}>
        ${id ? html`<${RackPanel} id=${id} key=${id} />` : html`<h2>Not normal</h2><${Attention} />`}
      </aside>
    </main>
  </div>`;
}

function Views() {
  const button = (name, word) => html`<button type="button" aria-pressed=${view.value === name}
    onClick=${() => show(name)}>${word}</button>`;
  return html`<nav class="views" aria-label="View">
    ${button('map', 'Map')}${button('table', 'Table')}
    <ul class="key" aria-label="Signs">
      <li><i aria-hidden="true" class="swatch"></i>normal</li>
      <li><i aria-hidden="true" class="swatch">▲</i>warning</li>
      <li><i aria-hidden="true" class="swatch">◆</i>critical</li>
      <li><i aria-hidden="true" class="swatch stale"></i>stale</li>
      <li><i aria-hidden="true" class="swatch unheard">?</i>not heard</li>
    </ul>
  </nav>`;
}

addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && selected.value) open(null);
});

const FIELDS = ['severity', 'freshness', 'load_kw', 'headroom_kw', 'supply_c', 'return_c',
  'delta_t_k', 'flow_lpm', 'heat_kw', 'measured_at', 'hall', 'row'];

start(`api/v1/stream?max_hz=4&fields=${FIELDS}`); // calm to look at, and soon enough
render(html`<${App} />`, document.getElementById('app'));
