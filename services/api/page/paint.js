// The map's canvas: its size, its colours, and which way to draw.

import { drawPixels } from './pixels.js';
import { drawTiles } from './tiles.js';

const NAMES = ['ground', 'tile', 'tile-lost', 'ink', 'muted', 'line', 'level', 'hatch',
  'critical', 'on-critical', 'warning', 'on-warning', 'cursor'];

/** The colours of the style sheet, as the present scheme has them. */
export function palette() {
  const style = getComputedStyle(document.documentElement);
  const colours = NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]);
  return Object.fromEntries(colours);
}

export class Painter {
  constructor(canvas) {
    this.canvas = canvas;
    this.pen = canvas.getContext('2d', { alpha: false });
    this.recolour();
  }

  recolour() {
    this.colours = palette();
    this.hatch = hatching(this.pen, this.colours.hatch);
  }

  /** Fit the bitmap to the box, in device pixels. */
  resize(width, height) {
    this.canvas.width = Math.round(width * devicePixelRatio);
    this.canvas.height = Math.round(height * devicePixelRatio);
    this.canvas.style.height = `${height}px`;
  }

  /** `lost` says that nothing is known to be true any more; `marks` are the ids to frame. */
  paint(racks, layout, { lost, marks }) {
    const { pen, canvas } = this;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.fillStyle = this.colours.ground;
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, MARGIN * devicePixelRatio,
      MARGIN * devicePixelRatio);
    const draw = layout.texts ? drawTiles : drawPixels;
    draw(this, racks.order, layout, lost);
    marks.forEach((id, at) => {
      const row = racks.rows.get(id);
      if (row) this.#frame(layout.cell(row.at), 3 - at);
    });
  }

  /** A frame around a tile; the thinner it is, the closer. */
  #frame({ x, y, w, h }, width) {
    this.pen.lineWidth = width;
    this.pen.strokeStyle = this.colours.cursor;
    this.pen.strokeRect(x - 2, y - 2, w + 1, h + 1);
  }
}

/** Room for the frame of a tile at the edge, in CSS pixels. */
export const MARGIN = 4;

function hatching(pen, colour) {
  const side = 6;
  const cell = new OffscreenCanvas(side, side);
  const ink = cell.getContext('2d');
  ink.strokeStyle = colour;
  ink.lineWidth = 1.5;
  for (const shift of [-side, 0, side]) {
    ink.moveTo(shift, side);
    ink.lineTo(shift + side, 0);
  }
  ink.stroke();
  return pen.createPattern(cell, 'repeat');
}
