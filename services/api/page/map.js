// The map of all racks, by mouse and by keyboard.

import { html, signal, useLayoutEffect, useRef } from './lib.js';
import { age, number, power } from './format.js';
import { Layout } from './layout.js';
import { MARGIN, Painter } from './paint.js';
import { stateOf } from './racks.js';
import { connected, cursor, drawn, now, onPicture, open, racks, selected } from './state.js';
import { WORDS } from './words.js';

const hovered = signal(null); // {id, x, y, side}
const KEYS = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End'];

class Picture {
  #asked = 0;

  constructor(canvas) {
    this.canvas = canvas;
    this.box = canvas.parentElement;
    this.painter = new Painter(canvas);
    this.layout = null;
    this.of = null;
  }

  /** Draw with the next frame, however often it is asked for. */
  ask() {
    this.#asked ||= requestAnimationFrame(() => {
      this.#asked = 0;
      this.draw();
    });
  }

  draw() {
    if (racks.rev === null || !this.canvas.isConnected) return;
    if (this.of !== racks.order) this.arrange();
    this.painter.paint(racks, this.layout, {
      lost: !connected.value,
      marks: [selected.value, document.activeElement === this.canvas ? cursor.value : null],
    });
    drawn();
  }

  arrange() {
    this.of = racks.order;
    const width = this.box.clientWidth - 2 * MARGIN;
    const height = this.box.clientHeight - 2 * MARGIN;
    this.layout = new Layout(racks.order, width, height);
    this.painter.resize(width + 2 * MARGIN, Math.max(height, this.layout.height) + 2 * MARGIN);
  }

  resized() {
    this.of = null;
    this.ask();
  }

  recoloured() {
    this.painter.recolour();
    this.ask();
  }

  /** The middle of a rack's tile within the canvas, in CSS pixels. */
  cell(id) {
    const row = racks.rows.get(id);
    if (!row) return null;
    const { x, y, w, h } = this.layout.cell(row.at);
    return { x: x + MARGIN, y: y + MARGIN, w, h };
  }

  under(event) {
    if (!this.layout) return null;
    const at = this.layout.at(event.offsetX - MARGIN, event.offsetY - MARGIN);
    return racks.order[at] ?? null;
  }
}

export function RackMap() {
  const canvas = useRef(null);
  const picture = useRef(null);

  useLayoutEffect(() => {
    const own = new Picture(canvas.current);
    picture.current = own;
    window.__twin.cell = (id) => own.cell(id);
    const size = new ResizeObserver(() => own.resized());
    size.observe(own.box);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const recolour = () => own.recoloured();
    scheme.addEventListener('change', recolour);
    const forget = [onPicture(() => own.ask()),
      selected.subscribe(() => own.ask()), cursor.subscribe(() => own.ask())];
    return () => {
      forget.forEach((end) => end());
      scheme.removeEventListener('change', recolour);
      size.disconnect();
      hovered.value = null;
    };
  }, []);

  const hover = (event) => {
    const row = picture.current.under(event);
    const { scrollTop, clientHeight, clientWidth } = picture.current.box;
    const side = (event.offsetX > clientWidth / 2 ? ' left' : '')
      + (event.offsetY - scrollTop > clientHeight - 80 ? ' up' : '');
    hovered.value = row && { id: row.id, x: event.offsetX, y: event.offsetY, side };
  };
  const click = (event) => {
    const row = picture.current.under(event);
    if (row) open(row.id);
  };
  const key = (event) => {
    if (!racks.order.length) return;
    const row = racks.rows.get(cursor.value) ?? racks.order[0];
    if (event.key === 'Enter' || event.key === ' ') open(row.id);
    else if (KEYS.includes(event.key)) move(picture.current, row, event.key);
    else return;
    event.preventDefault();
  };
  const focus = () => {
    cursor.value ??= racks.order[0]?.id ?? null;
    picture.current.ask();
  };

  return html`<div class="map">
    <canvas ref=${canvas} tabindex="0" role="application" aria-roledescription="map of racks"
      aria-label="Racks: arrow keys move, Enter opens, Escape closes; the table shows the same"
      onMouseMove=${hover} onMouseLeave=${() => { hovered.value = null; }} onClick=${click}
      onKeyDown=${key} onFocus=${focus} onBlur=${() => picture.current.ask()}></canvas>
    <${Hover} />
    <${Spoken} />
  </div>`;
}

function move(picture, row, key) {
  const at = racks.rows.has(cursor.value) ? picture.layout.step(row.at, key) : 0;
  cursor.value = racks.order[at].id;
  const { y, h } = picture.cell(cursor.value);
  const { box } = picture;
  if (y < box.scrollTop) box.scrollTop = y - h;
  if (y + h > box.scrollTop + box.clientHeight) box.scrollTop = y + 2 * h - box.clientHeight;
}

/** What stands under the mouse. */
function Hover() {
  if (!hovered.value) return null;
  const row = racks.rows.get(hovered.value.id);
  if (!row) return null;
  const { x, y, side } = hovered.value;
  return html`<div class=${`hover${side}`} style=${{ left: `${x + 14}px`, top: `${y + 14}px` }}>
    <b>${row.id}</b> ${WORDS[stateOf(row)]}<br />
    ${power(row.load_kw).join(' ')}, ${number(row.supply_c)} → ${number(row.return_c)} °C,
    ${' '}${number(row.flow_lpm)} L/min<br />
    measured ${age(now.value - row.measured_at)} ago
  </div>`;
}

/** What the cursor stands on, for those who listen. */
function Spoken() {
  const row = racks.rows.get(cursor.value);
  if (!row) return html`<p class="unseen" aria-live="polite"></p>`;
  return html`<p class="unseen" aria-live="polite">
    ${row.id}: ${WORDS[stateOf(row)]}, ${power(row.load_kw).join(' ')}
  </p>`;
}
