// Figures as text.

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const any = new Intl.NumberFormat(undefined, { maximumFractionDigits: 3 });

export const count = (n: number): string => whole.format(n);
export const figure = (n: number): string => any.format(n);

/** "1 row", "2 rows". */
export const counted = (n: number, one: string, more = `${one}s`): string => `${count(n)} ${n === 1 ? one : more}`;

/** A rate as "12.3/s". */
export function perSecond(n: number | undefined): string {
  if (n === undefined) {
    return "–";
  }
  return (n > 0 && n < 100 ? tenth.format(n) : whole.format(n)) + "/s";
}

export function bytes(n: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (n >= 1024 && unit < units.length - 1) {
    n /= 1024;
    unit++;
  }
  return `${unit === 0 || n >= 100 ? whole.format(n) : tenth.format(n)} ${units[unit]}`;
}

/** A duration as "420 ms", "2.1 s", "3 min 5 s", "2 h 10 min". */
export function duration(ms: number): string {
  if (ms < 1000) {
    return `${Math.max(0, Math.round(ms))} ms`;
  }
  if (ms < 60_000) {
    return `${tenth.format(ms / 1000)} s`;
  }
  const s = Math.floor(ms / 1000);
  if (s < 3600) {
    return `${Math.floor(s / 60)} min ${s % 60} s`;
  }
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

/** Local time of day, with the date if it is not today. */
export function clock(ms: number, millis = false): string {
  const d = new Date(ms);
  const pad = (n: number, width = 2) => String(n).padStart(width, "0");
  const time = `${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}` + (millis ? `.${pad(d.getMilliseconds(), 3)}` : "");
  const today = d.toDateString() === new Date().toDateString();
  return today ? time : `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())} ${time}`;
}

// Characters that change what is around them, or show nothing: controls, and
// the marks that turn the direction of writing.
const unseen = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Text that a stranger wrote, with its invisible characters made visible. */
export function visible(text: string): string {
  return text.replace(unseen, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`);
}

/** A value of a row or a term as text. */
export function cell(value: unknown): string {
  if (value === null || value === undefined) {
    return "";
  }
  return visible(typeof value === "object" ? JSON.stringify(value) : String(value));
}
