// The map of a few hundred racks: a tile each, with words.

import { NONE, number } from './format.js';
import { stateOf } from './racks.js';

const SIGNS = { CRITICAL: '◆', WARNING: '▲', STALE: 'stale', UNHEARD: '?' };
const FACE = 'system-ui, sans-serif';

export function drawTiles(brush, rows, layout, lost) {
  const { pen, colours } = brush;
  pen.textBaseline = 'alphabetic';
  pen.textAlign = 'left';
  pen.font = `600 12px ${FACE}`;
  pen.fillStyle = colours.muted;
  layout.blocks.forEach(([start], at) => {
    const { x, y } = layout.cell(start);
    pen.fillText(layout.titles[at], x, y - 5);
  });
  for (const row of rows) tile(brush, row, layout.cell(row.at), lost);
}

function tile(brush, row, cell, lost) {
  const { pen, colours } = brush;
  const state = stateOf(row);
  const box = { x: cell.x, y: cell.y, w: cell.w - 3, h: cell.h - 3 };
  if (row.freshness === 'UNHEARD') {
    outline(brush, box);
  } else {
    pen.fillStyle = lost ? colours['tile-lost'] : colours.tile;
    pen.fillRect(box.x, box.y, box.w, box.h);
  }
  if (row.freshness === 'STALE') {
    pen.fillStyle = brush.hatch;
    pen.fillRect(box.x, box.y, box.w, box.h);
  }
  level(brush, row, box);
  const alarmed = row.severity === 'CRITICAL' || row.severity === 'WARNING';
  if (alarmed) alarm(brush, box, state, lost);
  heading(brush, row, box, state, alarmed && !lost);
  figures(brush, row, box, lost);
}

function outline({ pen, colours }, { x, y, w, h }) {
  pen.strokeStyle = colours.muted;
  pen.lineWidth = 1;
  pen.setLineDash([3, 2]);
  pen.strokeRect(x + 0.5, y + 0.5, w - 1, h - 1);
  pen.setLineDash([]);
}

/** Load against capacity, as a bar along the foot of the tile. */
function level({ pen, colours }, row, { x, y, w, h }) {
  const capacity = row.load_kw + row.headroom_kw;
  if (row.load_kw === null || row.headroom_kw === null || !(capacity > 0)) return;
  const share = Math.min(1, Math.max(0, row.load_kw / capacity));
  pen.fillStyle = colours.line;
  pen.fillRect(x, y + h - 4, w, 4);
  pen.fillStyle = colours.level;
  pen.fillRect(x, y + h - 4, Math.round(w * share), 4);
}

/** A frame and a band of colour; the shape in the heading says the same without colour. */
function alarm({ pen, colours }, { x, y, w, h }, state, lost) {
  pen.strokeStyle = colours[state.toLowerCase()];
  pen.lineWidth = 3;
  pen.strokeRect(x + 1.5, y + 1.5, w - 3, h - 3);
  if (lost) return;
  pen.fillStyle = colours[state.toLowerCase()];
  pen.fillRect(x, y, w, 18);
}

function heading({ pen, colours }, row, { x, y, w }, state, loud) {
  pen.fillStyle = loud ? colours[`on-${state.toLowerCase()}`] : colours.ink;
  pen.font = `600 11px ${FACE}`;
  pen.fillText(shortOf(row.id), x + 6, y + 13);
  if (!SIGNS[state]) return;
  pen.textAlign = 'right';
  pen.fillText(SIGNS[state], x + w - 6, y + 13);
  pen.textAlign = 'left';
}

function figures({ pen, colours }, row, { x, y, w, h }, lost) {
  const load = number(row.load_kw);
  pen.fillStyle = lost ? colours.muted : colours.ink;
  pen.font = `14px ${FACE}`;
  pen.fillText(load === NONE ? NONE : `${load} kW`, x + 6, y + 33);
  const more = [`${number(row.supply_c)} → ${number(row.return_c)} °C`,
    `${number(row.flow_lpm, 0)} L/min`];
  pen.font = `11px ${FACE}`;
  let base = y + 49;
  for (const text of more) {
    if (base > y + h - 8) break;
    if (pen.measureText(text).width > w - 10) continue;
    pen.fillText(text, x + 6, base);
    base += 14;
  }
}

/** The part of an id that tells it from its neighbours. */
function shortOf(id) {
  return id.split(/[-_.\s]/).at(-1);
}
