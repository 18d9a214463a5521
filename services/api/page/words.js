// States in words and shapes, the same everywhere on the page.

import { html } from './lib.js';

export const WORDS = {
  OK: 'normal', WARNING: 'warning', CRITICAL: 'critical', LIVE: 'live', STALE: 'stale',
  UNHEARD: 'not heard',
};

export const SHAPES = { OK: '', WARNING: '▲', CRITICAL: '◆', LIVE: '', STALE: '▨', UNHEARD: '?' };

/** A state as a mark: shape and word, coloured only where it is abnormal. */
export function Mark({ state }) {
  if (!state) return null;
  const shape = SHAPES[state];
  return html`<span class=${`mark ${state.toLowerCase()}`}>
    ${shape && html`<span aria-hidden="true">${shape} </span>`}${WORDS[state] ?? state}
  </span>`;
}
