// The map of thousands of racks: a pixel each, scaled up, and what is not normal drawn over it.

const SIGN_FROM = 12; // a tile this large has room for a sign
const OUTLINES = {
  CRITICAL: [[-1, 0], [0, -1], [1, 0], [0, 1]],
  WARNING: [[-1, 1], [0, -1], [1, 1]],
};
const RANK = { OK: 0, WARNING: 1, CRITICAL: 2 };

const bitmap = new OffscreenCanvas(1, 1);
const words = new Map();

export function drawPixels(brush, rows, layout, lost) {
  const { pen, colours } = brush;
  const { columns, across, lines, deep, cellW, pitchX, pitchY } = layout;
  const odd = plot(rows, layout, word(lost ? colours['tile-lost'] : colours.tile));
  pen.imageSmoothingEnabled = false;
  for (let column = 0; column < across; column += 1) {
    pen.drawImage(bitmap, column * columns, 0, columns, lines * deep,
      column * pitchX, 0, columns * cellW, lines * pitchY);
  }
  joints(brush, layout);
  odd.sort((one, other) => RANK[one.severity] - RANK[other.severity]);
  for (const row of odd) overlay(brush, row, layout.cell(row.at), lost);
}

/** Fill the bitmap; returns the racks that need more than a pixel. */
function plot(rows, { columns, across, lines, deep, block, blocks }, tile) {
  const width = across * columns;
  bitmap.width = width;
  bitmap.height = lines * deep;
  const image = new ImageData(width, lines * deep);
  const cells = new Uint32Array(image.data.buffer);
  const odd = [];
  for (const row of rows) {
    const own = block[row.at];
    const within = row.at - blocks[own][0];
    const column = (own % across) * columns + (within % columns);
    const line = Math.floor(own / across) * deep + Math.floor(within / columns);
    if (row.freshness !== 'UNHEARD') cells[line * width + column] = tile;
    if (row.severity !== 'OK' || row.freshness !== 'LIVE') odd.push(row);
  }
  bitmap.getContext('2d').putImageData(image, 0, 0);
  return odd;
}

/** The lines between tiles, where there is room for them. */
function joints({ pen, colours }, { across, columns, lines, deep, cellW, cellH, pitchX }) {
  if (Math.min(cellW, cellH) < 5) return;
  pen.fillStyle = colours.ground;
  for (let line = 1; line <= lines * deep; line += 1) {
    pen.fillRect(0, line * cellH - 1, across * pitchX, 1);
  }
  for (let column = 0; column < across * columns; column += 1) {
    const x = Math.floor(column / columns) * pitchX + (column % columns) * cellW;
    pen.fillRect(x + cellW - 1, 0, 1, lines * deep * cellH);
  }
}

function overlay(brush, row, cell, lost) {
  if (row.freshness === 'UNHEARD') unknown(brush, cell);
  if (row.freshness === 'STALE') {
    brush.pen.fillStyle = cell.h < SIGN_FROM ? brush.colours.hatch : brush.hatch;
    brush.pen.fillRect(cell.x, cell.y, cell.w - 1, cell.h - 1);
  }
  if (row.severity !== 'OK') alarm(brush, row.severity, cell, lost);
}

/** Never smaller than can be seen among ten thousand, and of a shape that needs no colour. */
function alarm({ pen, colours }, severity, { x, y, w, h }, lost) {
  const half = Math.max(SIGN_FROM, Math.min(w, h)) / 2;
  pen.beginPath();
  for (const [right, down] of OUTLINES[severity]) {
    pen.lineTo(x + (w - 1) / 2 + right * half, y + (h - 1) / 2 + down * half);
  }
  pen.closePath();
  const colour = colours[severity.toLowerCase()];
  pen.fillStyle = lost ? colours['tile-lost'] : colour;
  pen.fill();
  pen.lineWidth = lost ? 2 : 1;
  pen.strokeStyle = lost ? colour : colours.ink;
  pen.stroke();
}

function unknown({ pen, colours }, { x, y, w, h }) {
  pen.strokeStyle = colours.muted;
  pen.lineWidth = 1;
  pen.strokeRect(x + 0.5, y + 0.5, w - 2, h - 2);
  if (Math.min(w, h) < SIGN_FROM) return;
  pen.fillStyle = colours.muted;
  pen.font = '600 11px system-ui, sans-serif';
  pen.textAlign = 'center';
  pen.textBaseline = 'middle';
  pen.fillText('?', x + (w - 1) / 2, y + h / 2);
}

/** A colour as the four bytes of a pixel. */
function word(colour) {
  if (!words.has(colour)) {
    const pen = new OffscreenCanvas(1, 1).getContext('2d');
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    words.set(colour, new Uint32Array(pen.getImageData(0, 0, 1, 1).data.buffer)[0]);
  }
  return words.get(colour);
}
