/** How long a run still takes: what was expected of its cases, scaled by how long those that have ended really took. Pure. */

/** A run's forecast. Seconds everywhere. */
export interface Forecast {
  /** New work comes on top of what there is. */
  readonly expect: (seconds: number) => void;
  /** Work of so many expected seconds has ended and took `took`. */
  readonly settle: (expected: number, took: number) => void;
  /** What is left while work of `expected` seconds has been going on for `spent`. */
  readonly left: (expected: number, spent: number) => number;
}

/** Below this what has ended says little about what comes. */
const leastSettledSeconds = 15;

/** Creates the forecast of a run that has not begun. */
export function createForecast(): Forecast {
  let open = 0;
  const settled = { expected: 0, took: 0 };
  return {
    expect: (seconds) => {
      open += seconds;
    },
    settle: (expected, took) => {
      open -= expected;
      settled.expected += expected;
      settled.took += took;
    },
    left: (expected, spent) => {
      const scale = settled.expected < leastSettledSeconds ? 1 : settled.took / settled.expected;
      return (open - expected) * scale + Math.max(0, expected * scale - spent);
    },
  };
}

/** Seconds for people: `41 s`, `9 min 40 s`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** What is left, for people: it is no better known than in minutes. */
export function formatLeft(seconds: number): string {
  return seconds < 45 ? "less than a minute left" : `about ${Math.round(seconds / 60) || 1} min left`;
}
