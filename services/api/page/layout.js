// Where each rack stands on the map: blocks of neighbours, side by side and below each other.

const TEXT_WIDTH = 72; // from here on a tile has room for words
const TEXT_HEIGHT = 40;
const WIDEST = 132;
const HIGHEST = 84;
const LONGEST = 64; // more neighbours than this are no row of racks

// Between blocks, in CSS pixels: with words, and without.
const ROOMY = { gutter: 16, title: 18, foot: 8 };
const TIGHT = { gutter: 6, title: 0, foot: 0 };

/** The neighbours of a rack share its place, or else its id up to the number at the end. */
function familyOf(row) {
  return row.place || row.id.replace(/\d+$/, '');
}

/** A family without the separator, and without a last part that says nothing. */
function titlesOf(families) {
  const bare = families.map((family) => family.replace(/[-_.\s]+$/, ''));
  const short = bare.map((name) => name.replace(/[-_.\s]+[A-Za-z]*$/, ''));
  const telling = short.every(Boolean) && new Set(short).size === new Set(bare).size;
  return telling ? short : bare;
}

/** Blocks as [start, length] over racks in their order. */
function blocksOf(rows) {
  const blocks = [];
  let family = null;
  rows.forEach((row, at) => {
    if (familyOf(row) !== family) {
      family = familyOf(row);
      blocks.push([at, 0]);
    }
    blocks.at(-1)[1] += 1;
  });
  const longest = Math.max(1, ...blocks.map(([, length]) => length));
  const wasteful = blocks.length * longest > 2 * rows.length || longest > LONGEST;
  return wasteful ? even(rows.length) : blocks;
}

function even(count) {
  const length = Math.max(1, Math.min(16, Math.ceil(Math.sqrt(count))));
  return Array.from({ length: Math.ceil(count / length) }, (_, block) => {
    const start = block * length;
    return [start, Math.min(length, count - start)];
  });
}

/** The arrangement whose tiles are largest in a box of `width` by `height`. */
export class Layout {
  constructor(rows, width, height) {
    this.count = rows.length;
    this.blocks = blocksOf(rows);
    const heads = this.blocks.map(([start]) => rows[start]);
    const bare = titlesOf(heads.filter((row) => !row.place).map(familyOf));
    this.titles = heads.map((row) => row.place || bare.shift());
    this.longest = Math.max(1, ...this.blocks.map(([, length]) => length));
    this.block = new Int32Array(this.count);
    this.blocks.forEach(([start, length], at) => this.block.fill(at, start, start + length));
    const roomy = this.#best(width, height, ROOMY);
    this.texts = roomy.cellW >= TEXT_WIDTH && roomy.cellH >= TEXT_HEIGHT;
    Object.assign(this, this.texts ? roomy : this.#best(width, height, TIGHT));
  }

  #best(width, height, air) {
    let best = null;
    for (let deep = 1; deep <= Math.min(4, this.longest); deep += 1) {
      for (let across = 1; across <= Math.max(1, Math.min(this.blocks.length, LONGEST)); across += 1) {
        const one = this.#fit(width, height, across, deep, air);
        if (!best || one.size > best.size) best = one;
      }
    }
    return best;
  }

  /** `across` blocks side by side, each folded into `deep` lines. */
  #fit(width, height, across, deep, { gutter, title, foot }) {
    const columns = Math.ceil(this.longest / deep);
    const lines = Math.max(1, Math.ceil(this.blocks.length / across));
    const wide = (width - gutter * (across - 1)) / (across * columns);
    const high = (height / lines - title - foot) / deep;
    const cellW = Math.max(2, Math.min(WIDEST, Math.floor(wide)));
    const cellH = Math.max(2, Math.min(HIGHEST, Math.floor(high), title ? HIGHEST : cellW * 2));
    const spills = wide < 2 || high < 2;
    return {
      across, deep, columns, lines, title, cellW, cellH,
      size: Math.min(cellW, cellH * 1.7) * (spills ? 0.1 : 1),
      pitchX: cellW * columns + gutter,
      pitchY: cellH * deep + title + foot,
    };
  }

  get height() {
    return this.lines * this.pitchY;
  }

  /** The tile of the rack at `index` in CSS pixels. */
  cell(index) {
    const block = this.block[index];
    const within = index - this.blocks[block][0];
    return {
      x: (block % this.across) * this.pitchX + (within % this.columns) * this.cellW,
      y: Math.floor(block / this.across) * this.pitchY + this.title
        + Math.floor(within / this.columns) * this.cellH,
      w: this.cellW,
      h: this.cellH,
    };
  }

  /** The index of the rack at a place, or -1. */
  at(x, y) {
    const across = Math.floor(x / this.pitchX);
    const line = Math.floor(y / this.pitchY);
    const column = Math.floor((x - across * this.pitchX) / this.cellW);
    const fold = Math.floor((y - line * this.pitchY - this.title) / this.cellH);
    const block = line * this.across + across;
    const inside = across >= 0 && across < this.across && column >= 0 && column < this.columns
      && fold >= 0 && fold < this.deep && block >= 0 && block < this.blocks.length;
    if (!inside) return -1;
    const [start, length] = this.blocks[block];
    const within = fold * this.columns + column;
    return within < length ? start + within : -1;
  }

  /** Where a key leads from `index`; it stays where there is nothing that way. */
  step(index, key) {
    if (key === 'Home') return 0;
    if (key === 'End') return this.count - 1;
    if (key === 'ArrowLeft') return Math.max(0, index - 1);
    if (key === 'ArrowRight') return Math.min(this.count - 1, index + 1);
    return this.#vertical(index, key === 'ArrowUp' ? -1 : 1);
  }

  #vertical(index, way) {
    const within = index - this.blocks[this.block[index]][0];
    const fold = Math.floor(within / this.columns) + way;
    const inBlock = index + way * this.columns;
    if (fold >= 0 && fold < this.deep && this.block[inBlock] === this.block[index]) return inBlock;
    const next = this.blocks[this.block[index] + way * this.across];
    if (!next) return index;
    const [start, length] = next;
    const folds = Math.ceil(length / this.columns);
    const line = way > 0 ? 0 : folds - 1;
    return start + Math.min(line * this.columns + (within % this.columns), length - 1);
  }
}
