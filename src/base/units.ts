// How quantities are written for people, with three digits and a unit: bytes, counts, floating-point operations, times.

const inUnits = (x: number, units: readonly string[]): string => {
  let power = 0;
  for (; x >= 1000 && power < units.length - 1; power++) x /= 1000;
  return `${power === 0 ? Math.round(x) : Number(x.toPrecision(3))} ${units[power]}`.trimEnd();
};

/** "3.2 MB" for 3,200,000. */
export const inBytes = (n: number): string => inUnits(n, ["B", "kB", "MB", "GB", "TB"]);

/** "1,234,567". */
export const inFull = (n: number): string => n.toLocaleString("en-US");

/** "1.23 G" for 1.23e9 floating-point operations. */
export const inOperations = (n: number): string => inUnits(n, ["", "k", "M", "G", "T", "P"]);

/** 75 seconds as "1:15", 4000 as "1:06:40". */
export function clock(seconds: number): string {
  const whole = Math.round(seconds);
  const pad = (n: number) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
}

/** "42 µs", "3.1 ms", "1.2 s". */
export const inSeconds = (seconds: number): string =>
  seconds < 1e-3
    ? `${Math.round(seconds * 1e6)} µs`
    : seconds < 1
      ? `${Number((seconds * 1e3).toPrecision(3))} ms`
      : `${Number(seconds.toPrecision(3))} s`;
