// Around the map: whose word this is and how old, the totals, and what is wrong with the line.

import { html, signal, effect } from './lib.js';
import { age, instant, number, plural, power, timeOfDay } from './format.js';
import { connected, heard, link, news, now, racks } from './state.js';
import { SHAPES } from './words.js';

const LINK = { connecting: 'connecting', live: 'connected', lost: 'reconnecting' };

export function Top() {
  void news.value;
  const { state } = link.value;
  return html`<header class="top">
    <h1>racktwin</h1>
    <dl>
      <div><dt>Stream</dt><dd class=${`link ${state}`} data-testid="link">
        <span aria-hidden="true">${state === 'live' ? '●' : '○'} </span>${LINK[state]}</dd></div>
      <div><dt>Newest data</dt><dd data-testid="age">${age(now.value - racks.newest)} old</dd></div>
      <div><dt>Server heard</dt><dd>${age(now.value - heard.value)} ago</dd></div>
      <div><dt>Time</dt><dd>${timeOfDay(now.value)} UTC</dd></div>
    </dl>
  </header>`;
}

/** Unmistakable while nothing on the page may be believed. */
export function Banner() {
  const { state, why } = link.value;
  if (state === 'live') return null;
  const waiting = racks.rev === null;
  if (state === 'connecting' && waiting) return null;
  return html`<div class="banner" role="alert">
    <span aria-hidden="true">▲ </span><b>${waiting ? 'No connection to the twin' : 'Connection lost'}</b>
    <span> (${why}), reconnecting. </span>
    ${!waiting && html`<span>All below is as of ${timeOfDay(heard.value)} UTC and may be wrong.</span>`}
  </div>`;
}

export function Totals() {
  void news.value;
  const counts = racks.counts();
  const totals = racks.totals ?? {};
  const known = racks.rev !== null;
  const count = (value) => (known ? number(value, 0) : number(null));
  return html`<section class="totals" aria-label="Totals">
    <${Figure} name="Racks" value=${count(racks.order.length)}>
      <span>${count(counts.LIVE)} live</span>
      <${Count} state="STALE" count=${counts.STALE} word="stale" />
      <${Count} state="UNHEARD" count=${counts.UNHEARD} word="not heard" />
    <//>
    <${Figure} name="Abnormal" value=${count(counts.CRITICAL + counts.WARNING)}>
      <${Count} state="CRITICAL" count=${counts.CRITICAL} word="critical" />
      <${Count} state="WARNING" count=${counts.WARNING} word="warning" />
    <//>
    <${Sum} name="Power" of=${totals.power_kw} />
    <${Sum} name="Heat carried" of=${totals.heat_kw} />
    <${Sum} name="Headroom" of=${totals.headroom_kw} />
    <${Points} of=${totals.points} />
  </section>`;
}

function Figure({ name, value, unit, children }) {
  return html`<div class="figure"><h2>${name}</h2>
    <p class="big"><span class="num">${value}</span>${unit && html` <span class="unit">${unit}</span>`}</p>
    <p class="small">${children}</p></div>`;
}

function Count({ state, count, word }) {
  if (!count) return html`<span>${number(count, 0)} ${word}</span>`;
  return html`<span class=${`mark ${state.toLowerCase()}`}>
    <span aria-hidden="true">${SHAPES[state]} </span>${number(count, 0)} ${word}</span>`;
}

function Points({ of }) {
  return html`<${Figure} name="Points" value=${number(of?.total, 0)}>
    <span>${number(of?.live, 0)} live</span>
    <${Count} state="STALE" count=${of?.stale} word="stale" />
    <span>${number(of?.unheard, 0)} not heard</span>
    <span>${number(of?.bad, 0)} bad</span>
  <//>`;
}

/** A sum over racks is only as whole as what went in, so it always says so. */
function Sum({ name, of }) {
  const [value, unit] = power(of?.value ?? null);
  const whole = of?.expected > 0 && of.fresh === of.expected;
  return html`<${Figure} name=${name} value=${value} unit=${unit}>
    ${of?.expected !== undefined && html`<span class=${whole ? '' : 'partial'}>
      from ${number(of.fresh, 0)} of ${number(of.expected, 0)}</span>`}
    <span>oldest ${age(now.value - instant(of?.measured_at))}</span>
  <//>`;
}

// Said aloud, at most every ten seconds.
const spoken = signal('');
const SPEAK_EVERY_MS = 10_000;
let due = 0;

effect(() => {
  if (news.value && connected.value) due ||= setTimeout(speak, spoken.peek() ? SPEAK_EVERY_MS : 1000);
});

function speak() {
  due = 0;
  const { CRITICAL, WARNING, STALE, UNHEARD } = racks.counts();
  spoken.value = `${plural(racks.order.length, 'rack')}: ${CRITICAL} critical, ${WARNING} warning, `
    + `${STALE} stale, ${UNHEARD} not heard.`;
}

export function Spoken() {
  return html`<p class="unseen" role="status">${spoken}</p>`;
}
