// One rack, whole: power, cooling, leaks, isolation, what feeds it, and how old all that is.

import { html, useEffect } from './lib.js';
import { age, number, plural } from './format.js';
import { PowerChart } from './chart.js';
import { Resource } from './document.js';
import { Line, Plain } from './measured.js';
import { connected, news, now, open, racks } from './state.js';
import { Mark } from './words.js';

const latest = new Resource();

export function RackPanel({ id }) {
  void news.value;
  const row = racks.rows.get(id);
  useEffect(() => {
    if (connected.value) latest.want(`api/v1/racks/${encodeURIComponent(id)}`);
  }, [id, row?.rev, connected.value]);
  useEffect(() => () => latest.want(null), []);
  const body = latest.body.value?.id === id ? latest.body.value : null;
  return html`<article class="rack">
    <header>
      <h2>${body?.name ?? id}</h2>
      <button type="button" class="close" onClick=${() => open(null)}>Close <kbd>Esc</kbd></button>
    </header>
    <p class="status">
      <${Mark} state=${row?.severity ?? body?.severity} />
      <${Mark} state=${row?.freshness ?? body?.freshness} />
      <span>measured <b>${age(now.value - (row?.measured_at ?? NaN))}</b> ago</span>
    </p>
    ${latest.problem.value && html`<p class="problem" role="status">
      Not up to date: ${latest.problem.value}</p>`}
    <${PowerChart} id=${id} />
    ${body && html`<${Facts} rack=${body} />`}
  </article>`;
}

function Facts({ rack }) {
  const { power, thermal, leak, isolation, upstream, points } = rack;
  return html`
    <${Section} name="Power">
      <${Line} name="Load" of=${power.load_kw} />
      <${Line} name="Capacity" of=${power.capacity_kw} />
      <${Line} name="Headroom" of=${power.headroom_kw} />
      <${Plain} name="Redundancy">${redundancy(power.redundancy)}<//>
      <${Plain} name="Meters − rack">${signed(power.balance?.residual_pct)} %<//>
    <//>
    <${Feeds} feeds=${power.feeds} />
    <${Section} name="Cooling">
      <${Line} name="Supply" of=${thermal.supply_c} />
      <${Line} name="Return" of=${thermal.return_c} />
      <${Line} name="ΔT" of=${thermal.delta_t_k} />
      <${Line} name="Flow" of=${thermal.flow_lpm} />
      <${Line} name="Flow per load" of=${thermal.flow_lpm_per_kw} digits=${2} />
      <${Line} name="Heat carried" of=${thermal.heat_kw} />
      <${Line} name="Heat : load" of=${thermal.heat_ratio} digits=${2} />
      <${Line} name="Diff. pressure" of=${thermal.dp_kpa} />
      <${Line} name="… set-point" of=${thermal.dp_setpoint_kpa} />
      <${Line} name="Valve" of=${thermal.valve_pct} digits=${0} />
    <//>
    <${Section} name="Leaks and isolation">
      <${Line} name="Leak" of=${leak.detected} digits=${0} loud=${leak.detected?.value ? 'critical' : null} />
      <${Line} name="Leak in tray" of=${leak.tray} digits=${0} loud=${leak.tray?.value ? 'warning' : null} />
      <${Line} name="Leak detector" of=${leak.sensor_fault} digits=${0}
        loud=${leak.sensor_fault?.value ? 'warning' : null} />
      <${Line} name="Liquid isolation" of=${isolation.liquid?.status} digits=${0} />
      <${Line} name="… asked for" of=${isolation.liquid?.request} digits=${0} />
      <${Line} name="Electrical isolation" of=${isolation.electrical?.status} digits=${0} />
      <${Line} name="… asked for" of=${isolation.electrical?.request} digits=${0} />
    <//>
    <${Section} name="Data">
      <${Plain} name="Place">${names([rack.hall, rack.row, rack.position].filter(Boolean))}<//>
      <${Plain} name="Model">${rack.model ?? '–'}<//>
      <${Plain} name="Points">${counts(points)}<//>
      <${Plain} name="Fed by">${names(upstream?.power)}<//>
      <${Plain} name="Cooled by">${names(upstream?.liquid)} (${thermal.coolant})<//>
    <//>`;
}

function Section({ name, children }) {
  return html`<section><h3>${name}</h3>
    <table class="facts"><caption class="unseen">${name}: value, unit, doubt, age</caption>
    <tbody>${children}</tbody></table></section>`;
}

function Feeds({ feeds }) {
  if (!feeds?.length) return html`<p class="quiet">No meter is known to feed this rack.</p>`;
  return html`<table class="feeds"><caption>${plural(feeds.length, 'feed')}</caption>
    <thead><tr><th scope="col">Meter</th><th scope="col" class="n">kW</th><th scope="col" class="n">A</th>
      <th scope="col" class="n">limit A</th><th scope="col" class="n">share</th></tr></thead>
    <tbody>${feeds.map((feed) => html`<tr key=${feed.meter}>
      <th scope="row">${feed.meter}</th>
      <${Cell} of=${feed.load_kw} /><${Cell} of=${feed.current_a} /><${Cell} of=${feed.limit_a} />
      <td class="n">${share(feed.share)}</td></tr>`)}</tbody></table>`;
}

function Cell({ of }) {
  const doubt = of?.freshness === 'STALE' || of?.quality === 'BAD';
  const why = [of?.quality, of?.freshness].filter(Boolean).join(', ');
  return html`<td class=${`n ${doubt ? 'doubt' : ''}`} title=${why}>
    ${number(of?.value)}${doubt && html` <small>${of.quality === 'BAD' ? 'BAD' : 'STALE'}</small>`}</td>`;
}

const REDUNDANCY = {
  '2N': '2N: either feed carries it alone', 'N+1': 'N+1: one feed may fail',
  N: 'N: a single feed', LOST: 'LOST: no feed may fail', UNKNOWN: 'unknown',
};

const redundancy = (word) => REDUNDANCY[word] ?? word;
const share = (part) => (Number.isFinite(part) ? `${number(part * 100, 0)} %` : '–');
const signed = (value) => (value > 0 ? `+${number(value, 2)}` : number(value, 2));
const names = (ids) => (ids?.length ? ids.join(', ') : '–');

function counts({ live, stale, unheard, bad }) {
  return `${live} live, ${stale} stale, ${unheard} not heard, ${bad} bad`;
}
