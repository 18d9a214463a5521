// The racks as a table: the same facts as the map, for those who read rather than look.

import { html, signal, useLayoutEffect, useRef, useState } from './lib.js';
import { age, number } from './format.js';
import { byUrgency, stateOf } from './racks.js';
import { drawn, news, now, open, racks, selected } from './state.js';
import { Mark } from './words.js';

const ROW_PX = 26;
const ALL_UP_TO = 300; // more rows than this are only drawn where they can be seen
const SPARE = 12;

const COLUMNS = [
  { key: 'id', name: 'Rack' },
  { key: 'state', name: 'State' },
  { key: 'load_kw', name: 'Load', unit: 'kW' },
  { key: 'headroom_kw', name: 'Headroom', unit: 'kW' },
  { key: 'supply_c', name: 'Supply', unit: '°C' },
  { key: 'return_c', name: 'Return', unit: '°C' },
  { key: 'delta_t_k', name: 'ΔT', unit: 'K' },
  { key: 'flow_lpm', name: 'Flow', unit: 'L/min' },
  { key: 'heat_kw', name: 'Heat', unit: 'kW' },
  { key: 'measured_at', name: 'Age' },
];

const order = signal({ key: 'id', down: false });
const wanted = signal('');
const onlyAbnormal = signal(false);

function sorted() {
  const words = wanted.value.trim().toLowerCase();
  const rows = racks.order.filter((row) => (!words || row.id.toLowerCase().includes(words))
    && (!onlyAbnormal.value || stateOf(row) !== 'OK'));
  const { key, down } = order.value;
  rows.sort(comparing(key));
  return down ? rows.reverse() : rows;
}

function comparing(key) {
  if (key === 'id') return (one, other) => one.rank - other.rank;
  if (key === 'state') return byUrgency;
  // What is not known comes first: it is what somebody must look into.
  const of = (row) => (Number.isFinite(row[key]) ? row[key] : -Infinity);
  return (one, other) => (of(one) === of(other) ? one.at - other.at : of(one) - of(other));
}

export function RackTable() {
  const box = useRef(null);
  const [seen, look] = useState({ top: 0, height: 800 });
  void news.value;
  const rows = sorted();
  const windowed = rows.length > ALL_UP_TO;
  const first = windowed ? Math.max(0, Math.floor(seen.top / ROW_PX) - SPARE) : 0;
  const last = windowed
    ? Math.min(rows.length, Math.ceil((seen.top + seen.height) / ROW_PX) + SPARE) : rows.length;

  const scrolled = () => {
    const { scrollTop: top, clientHeight: height } = box.current;
    look({ top, height });
  };
  useLayoutEffect(scrolled, []);
  useLayoutEffect(drawn);

  return html`<div class="table">
    <form class="filter" onSubmit=${(event) => event.preventDefault()}>
      <label>Find <input type="search" value=${wanted} placeholder="rack id"
        onInput=${(event) => { wanted.value = event.currentTarget.value; }} /></label>
      <label><input type="checkbox" checked=${onlyAbnormal}
        onChange=${(event) => { onlyAbnormal.value = event.currentTarget.checked; }} />
        only what is not normal</label>
      <output>${number(rows.length, 0)} of ${number(racks.order.length, 0)}</output>
    </form>
    <div class="scroll" ref=${box} onScroll=${windowed ? scrolled : null} tabindex="0"
      role="region" aria-label="Table of racks">
      <table aria-rowcount=${rows.length + 1}>
        <thead><tr aria-rowindex="1">
          ${COLUMNS.map((column) => html`<${Head} column=${column} />`)}
        </tr></thead>
        <tbody>
          ${first > 0 && html`<tr aria-hidden="true" style=${{ height: `${first * ROW_PX}px` }}></tr>`}
          ${rows.slice(first, last).map((row, at) => line(row, first + at + 2))}
          ${last < rows.length && html`<tr aria-hidden="true"
            style=${{ height: `${(rows.length - last) * ROW_PX}px` }}></tr>`}
        </tbody>
      </table>
    </div>
  </div>`;
}

function Head({ column: { key, name, unit } }) {
  const { down } = order.value;
  const here = key === order.value.key;
  const turn = () => { order.value = { key, down: here && !down }; };
  const sort = here ? (down ? 'descending' : 'ascending') : undefined;
  return html`<th scope="col" aria-sort=${sort} class=${key === 'id' || key === 'state' ? '' : 'n'}>
    <button type="button" onClick=${turn}>${name}${unit && html` <small>${unit}</small>`}
    <span aria-hidden="true">${here ? (down ? ' ▾' : ' ▴') : ''}</span></button></th>`;
}

function line(row, index) {
  const state = stateOf(row);
  const here = row.id === selected.value;
  const go = (event) => {
    event.preventDefault();
    open(row.id);
  };
  return html`<tr key=${row.id} aria-rowindex=${index} class=${here ? 'here' : ''}
    data-freshness=${row.freshness}>
    <th scope="row"><a href=${`#rack=${encodeURIComponent(row.id)}`} onClick=${go}>${row.id}</a></th>
    <td><${Mark} state=${state} /></td>
    ${COLUMNS.slice(2, -1).map(({ key }) => html`<td class="n">${number(row[key])}</td>`)}
    <td class="n">${age(now.value - row.measured_at)}</td>
  </tr>`;
}
