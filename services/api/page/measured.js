// A measured number on screen: value, unit, and what is wrong with it, if anything.

import { html } from './lib.js';
import { age, instant, number, unit } from './format.js';
import { now } from './state.js';
import { SHAPES } from './words.js';

/** What keeps a value from being the truth of now: `BAD`, `STALE`, `not heard`, or nothing. */
export function doubts(measured) {
  if (!measured || measured.freshness === 'UNHEARD') return ['not heard'];
  const marks = [];
  if (measured.quality === 'BAD') marks.push('BAD');
  if (measured.freshness === 'STALE') marks.push('STALE');
  return marks;
}

/** A line of a rack's table. `loud` is the severity that the value means, if any. */
export function Line({ name, of, digits = 1, loud = null }) {
  const marks = doubts(of);
  const sums = of?.derived_from > 1 ? `computed from ${of.derived_from} inputs` : undefined;
  return html`<tr class=${marks.length ? 'doubt' : ''}>
    <th scope="row">${name}</th>
    ${of?.text ? html`<td class="state" colspan="2"><span class=${loud ? `mark ${loud}` : ''}>
      ${loud && html`<span aria-hidden="true">${SHAPES[loud.toUpperCase()]} </span>`}${of.text}</span></td>`
    : html`<td class=${`n ${loud ?? ''}`}>${number(of?.value, digits)}</td>
      <td class="u">${unit(of?.unit)}</td>`}
    <td class="marks">${marks.map((mark) => html`<span>${mark}</span>`)}</td>
    <td class="n age" title=${sums}>${age(now.value - instant(of?.measured_at))}</td>
  </tr>`;
}

/** A plain line: no measurement, so no age. */
export function Plain({ name, children }) {
  return html`<tr><th scope="row">${name}</th><td class="plain" colspan="4">${children}</td></tr>`;
}
