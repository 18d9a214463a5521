// The libraries, as the rest of the page uses them.

import { h, render } from './vendor/preact.js';
import { useEffect, useLayoutEffect, useRef, useState } from './vendor/preact-hooks.js';
import { computed, effect, signal } from './vendor/signals.js';
import htm from './vendor/htm.js';

export const html = htm.bind(h);
export { computed, effect, render, signal, useEffect, useLayoutEffect, useRef, useState };
