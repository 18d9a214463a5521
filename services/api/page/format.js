// Numbers, ages and instants as an operator reads them. What is not known is "–", never 0.

export const NONE = '–';

const UNITS = { C: '°C', LPM: 'L/min', 'LPM/kW': 'L/min/kW', degC: '°C' };

const formats = new Map();

function formatOf(digits) {
  if (!formats.has(digits)) {
    const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    formats.set(digits, new Intl.NumberFormat('en-GB', options));
  }
  return formats.get(digits);
}

/** A number with a fixed count of digits, thousands set apart by a thin space. */
export function number(value, digits = 1) {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  const text = formatOf(digits).format(value).replaceAll(',', '\u2009').replace('-', '−');
  return /^−[0.]*$/.test(text) ? text.slice(1) : text;
}

export function unit(name) {
  return name ? (UNITS[name] ?? name) : '';
}

/** Power in the unit that suits its size: [number, unit]. */
export function power(kilowatts) {
  if (kilowatts !== null && Math.abs(kilowatts) >= 1000) return [number(kilowatts / 1000, 2), 'MW'];
  return [number(kilowatts), 'kW'];
}

/** How long ago, short and of steady width: "0.4 s" is nobody's business, "3 s" is. */
export function age(milliseconds) {
  if (!Number.isFinite(milliseconds)) return NONE;
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

/** An instant of the twin as epoch milliseconds; NaN where there is none. */
export function instant(text) {
  return text ? Date.parse(text) : NaN;
}

/** Time of day in UTC, as the twin's own documents have it. */
export function timeOfDay(milliseconds) {
  return Number.isFinite(milliseconds) ? new Date(milliseconds).toISOString().slice(11, 19) : NONE;
}

export function plural(count, noun) {
  return `${number(count, 0)} ${noun}${count === 1 ? '' : 's'}`;
}
