// The power of one rack over the last quarter of an hour, as history has it.

import { html, useEffect, useLayoutEffect, useRef, useState } from './lib.js';
import { number } from './format.js';
import { get } from './document.js';
import { palette } from './paint.js';
import { now } from './state.js';
import uPlot from './vendor/uplot.js';

const SPAN_MS = 15 * 60_000;
const EVERY_MS = 10_000;
const BUCKETS = 300;
const REPUBLISH_S = 150; // the bus repeats every value within 100 s: a longer silence is a gap

export function PowerChart({ id }) {
  const box = useRef(null);
  const chart = useRef(null);
  const [series, take] = useState({ rows: null, problem: null });

  useEffect(() => {
    const abort = new AbortController();
    const load = () => read(id, abort.signal).then(
      (rows) => take({ rows, problem: null }),
      (error) => abort.signal.aborted
        || take(({ rows }) => ({ rows, problem: error.message })),
    );
    load();
    const every = setInterval(load, EVERY_MS);
    return () => {
      abort.abort();
      clearInterval(every);
    };
  }, [id]);

  const { rows } = series;
  useLayoutEffect(() => {
    if (!rows?.length) return;
    const data = columns(rows);
    if (chart.current) chart.current.setData(data);
    else chart.current = plot(box.current, data);
  }, [rows]);
  useLayoutEffect(() => () => {
    chart.current?.destroy();
    chart.current = null;
  }, [rows?.length > 0]);

  return html`<figure class="chart">
    <figcaption><h3>Power, last 15 min</h3> <span>${caption(series, rows)}</span></figcaption>
    <div ref=${box} hidden=${!rows?.length} aria-hidden="true"></div>
  </figure>`;
}

function caption({ problem }, rows) {
  if (problem) return `no history: ${problem}`;
  if (!rows) return 'reading …';
  if (!rows.length) return 'history holds nothing yet';
  const lowest = Math.min(...rows.map((row) => row.min));
  const highest = Math.max(...rows.map((row) => row.max));
  return `${number(lowest)} to ${number(highest)} kW`;
}

/** Buckets as {at, min, max, mean}, at in seconds, oldest first. */
async function read(id, abort) {
  const until = now.value;
  const query = new URLSearchParams({
    entity: id, metric: 'RackPower', points: BUCKETS,
    from: new Date(until - SPAN_MS).toISOString(), to: new Date(until).toISOString(),
  });
  const body = await get(`api/v1/history?${query}`, abort);
  return bucketsOf(body);
}

function bucketsOf(body) {
  const [one] = body.items ?? body.series ?? [];
  return (one?.buckets ?? [])
    .map(({ start, min, max, mean, last }) => ({ at: Date.parse(start) / 1000, min, max, mean, last }))
    .filter(({ mean }) => mean !== null);
}

/**
 * uPlot's columns, up to the present.
 *
 * A value holds until the next one; a null where the bus was silent, so that the line breaks there.
 */
function columns(rows) {
  const [at, min, max, mean] = [[], [], [], []];
  rows.forEach((row, index) => {
    if (index && row.at - rows[index - 1].at > REPUBLISH_S) push(rows[index - 1].at + 1, {});
    push(row.at, row);
  });
  const [last, present] = [rows.at(-1), now.value / 1000];
  if (present > last.at) push(present, present - last.at > REPUBLISH_S ? {} : last);
  function push(time, row) {
    at.push(time);
    min.push(row.min ?? null);
    max.push(row.max ?? null);
    mean.push(row.mean ?? null);
  }
  return [at, max, min, mean];
}

function plot(box, data) {
  const colours = palette();
  const axis = {
    stroke: colours.muted, font: '11px system-ui, sans-serif',
    grid: { stroke: colours.line, width: 1 }, ticks: { stroke: colours.line, width: 1, size: 4 },
  };
  const thin = { stroke: colours.level, width: 1, points: { show: false } };
  const steps = uPlot.paths.stepped({ align: 1 });
  return new uPlot({
    width: box.clientWidth || 380,
    height: 130,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { range: (_chart, _first, last) => [last - SPAN_MS / 1000, last] },
      y: { range: (_chart, low, high) => padded(low, high) },
    },
    axes: [
      { ...axis, size: 26, space: 70, values: [[60, '{HH}:{mm}'], [1, '{HH}:{mm}:{ss}']] },
      { ...axis, size: 46 },
    ],
    series: [{}, { ...thin, paths: steps }, { ...thin, paths: steps },
      { stroke: colours.ink, width: 1.5, points: { show: false }, paths: steps }],
    bands: [{ series: [1, 2], fill: colours.line }],
  }, data, box);
}

/** Room around the line, and never so little that noise looks like an event. */
function padded(low, high) {
  if (low === null || high === null) return [0, 1];
  const room = Math.max((high - low) * 0.1, Math.abs(high) * 0.02, 0.1);
  return [Math.max(0, low - room), high + room];
}
