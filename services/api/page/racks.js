// The racks as the stream tells them: a snapshot in parts, then deltas on top of it.

import { instant } from './format.js';

const collator = new Intl.Collator('en', { numeric: true });

const RANK = { CRITICAL: 0, WARNING: 1, STALE: 2, UNHEARD: 3, OK: 4 };

/** What an operator must know of a rack first; its data being old outranks nothing abnormal. */
export function stateOf(row) {
  if (row.severity === 'CRITICAL' || row.severity === 'WARNING') return row.severity;
  return row.freshness === 'LIVE' ? 'OK' : (row.freshness ?? 'UNHEARD');
}

export function byUrgency(one, other) {
  return RANK[stateOf(one)] - RANK[stateOf(other)] || one.at - other.at;
}

/** Where a rack stands, as a text; empty where nobody says. */
export function placeOf(row) {
  return [row.hall, row.row].filter(Boolean).join(' ');
}

/** Bounded by the fleet: one row a rack, one pending snapshot. */
export class Racks {
  constructor() {
    this.epoch = null;
    this.rev = null;
    this.totals = null;
    this.newest = NaN;
    this.rows = new Map();
    this.order = [];
    this.pending = null;
  }

  /** A stream begins. Of another epoch nothing here may be continued. */
  begin(epoch) {
    this.pending = null;
    if (epoch !== this.epoch) this.rev = null;
    this.epoch = epoch;
  }

  /** Take one part; the old picture stands until the new one is whole. Returns whether it is. */
  snapshot({ rev, parts, ids, cols, totals }) {
    if (this.pending?.rev !== rev) this.pending = { rev, missing: parts ?? 1, rows: new Map() };
    put(this.pending.rows, ids, cols, rev);
    this.totals = totals ?? this.totals;
    this.pending.missing -= 1;
    if (this.pending.missing > 0) return false;
    this.rows = this.pending.rows;
    this.rev = rev;
    this.pending = null;
    this.newest = NaN;
    for (const row of this.rows.values()) this.#aged(row);
    this.#sort();
    return true;
  }

  /** Returns false where a message is missing in between: only a snapshot mends that. */
  delta({ rev, prev, i, c, rm, totals }) {
    if (this.rev === null || prev !== this.rev) return false;
    const before = this.rows.size;
    let moved = false;
    for (const row of put(this.rows, i ?? [], c ?? {}, rev)) {
      this.#aged(row);
      moved ||= placeOf(row) !== row.place;
    }
    let removed = 0;
    for (const id of rm ?? []) removed += this.rows.delete(id) ? 1 : 0;
    if (removed || moved || this.rows.size !== before) this.#sort();
    this.rev = rev;
    this.totals = totals ?? this.totals;
    return true;
  }

  /** How many racks are in each state, and of each freshness. */
  counts() {
    const counts = { OK: 0, WARNING: 0, CRITICAL: 0, LIVE: 0, STALE: 0, UNHEARD: 0 };
    for (const row of this.order) {
      counts[row.freshness] += 1;
      counts[row.severity] += 1;
    }
    return counts;
  }

  /** Those that need somebody's eye, the worst first. */
  abnormal() {
    return this.order.filter((row) => stateOf(row) !== 'OK').sort(byUrgency);
  }

  #aged(row) {
    if (!(row.measured_at <= this.newest)) this.newest = row.measured_at || this.newest;
  }

  /** By id, and then by place where there is one; those without stand last. */
  #sort() {
    const order = [...this.rows.values()].sort((one, other) => collator.compare(one.id, other.id));
    order.forEach((row, rank) => { Object.assign(row, { rank, place: placeOf(row) }); });
    if (order.some((row) => row.place)) order.sort(byPlace);
    order.forEach((row, at) => { row.at = at; });
    this.order = order;
  }
}

function byPlace(one, other) {
  if (!one.place !== !other.place) return one.place ? -1 : 1;
  return collator.compare(one.place, other.place) || one.rank - other.rank;
}

function put(rows, ids, columns, rev) {
  const taken = ids.map((id) => {
    const row = rows.get(id) ?? { id, at: rows.size };
    rows.set(id, row);
    row.rev = rev;
    return row;
  });
  for (const [field, values] of Object.entries(columns)) {
    const read = field.endsWith('_at') ? instant : (value) => value;
    taken.forEach((row, index) => { row[field] = read(values[index]); });
  }
  return taken;
}
