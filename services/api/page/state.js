// What the page knows, as signals. Text on screen follows at most twice a second.

import { computed, signal } from './lib.js';
import { instant } from './format.js';
import { Racks } from './racks.js';
import { Stream } from './stream.js';

const TEXT_EVERY_MS = 500;

export const racks = new Racks();

/** Steps when the racks have changed: read it, then read `racks`. */
export const news = signal(0);

/** `connecting`, `live` or `lost`, with the reason. */
export const link = signal({ state: 'connecting', why: '' });

/** When the server last said anything. */
export const heard = signal(NaN);

/** What to add to the browser's clock to get the server's, in ms. All times here are the server's. */
let offset = 0;

const clock = () => Date.now() + offset;

/** The server's time, a step a second. */
export const now = signal(clock());

export const connected = computed(() => link.value.state === 'live');

const place = signal(read(location.hash));
export const selected = computed(() => place.value.get('rack'));
export const view = computed(() => place.value.get('view') ?? 'map');

/** Where the map's cursor stands, as an id. */
export const cursor = signal(null);

/** What the tests look at: the revision known, the one last drawn, and where the map has a rack. */
window.__twin = { rev: null, drawn: null, ready: false, cell: () => null };

/** Told by whoever put the racks on screen. */
export function drawn() {
  Object.assign(window.__twin, { drawn: racks.rev, ready: racks.rev !== null });
}

/** Called when the picture must be drawn again. */
const painters = new Set();

export function onPicture(paint) {
  painters.add(paint);
  return () => painters.delete(paint);
}

export function open(id) {
  go('rack', id);
  if (id) cursor.value = id;
}

export function show(which) {
  go('view', which === 'map' ? null : which);
}

export function start(url) {
  addEventListener('hashchange', () => { place.value = read(location.hash); });
  setInterval(() => { now.value = clock(); }, 1000);
  return new Stream(url, { event: take, state: linked });
}

function take(name, message) {
  if (message.server_time) {
    offset = instant(message.server_time) - Date.now();
    now.value = clock();
  }
  heard.value = clock();
  if (name === 'hello') racks.begin(message.epoch);
  if (name === 'snapshot' && racks.snapshot(message)) changed();
  if (name === 'delta') {
    if (!racks.delta(message)) return false;
    changed();
  }
  if (name === 'bookmark' && message.totals) {
    racks.totals = message.totals;
    changed();
  }
  return true;
}

let due = 0;

function changed() {
  window.__twin.rev = racks.rev;
  painters.forEach((paint) => paint());
  due ||= setTimeout(() => {
    due = 0;
    news.value += 1;
  }, news.value ? TEXT_EVERY_MS : 0);
}

function linked(state, why = '') {
  if (state === link.value.state) return;
  link.value = { state, why };
  painters.forEach((paint) => paint());
}

function read(hash) {
  return new URLSearchParams(hash.slice(1));
}

function go(key, value) {
  const next = new URLSearchParams(place.value);
  if (value === null) next.delete(key);
  else next.set(key, value);
  place.value = next;
  const hash = next.toString();
  history.replaceState(null, '', hash ? `#${hash}` : location.pathname + location.search);
}
