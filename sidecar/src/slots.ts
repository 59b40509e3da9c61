/**
 * Keeps what is under way in places that are used again. A Set or Map grows a new table for each few entries that come and go; the old
 * tables keep ended calls alive for the garbage collector, which then moves every call to its old generation.
 */

/** A bag with places. */
export interface Slots<T> {
  /** Puts a value in; gives the place to free it from. Cost: O(1). */
  readonly put: (value: T) => number;
  /** Empties a place; only once for each put. */
  readonly free: (place: number) => void;
  /** What is in, in no order. What is put in or freed meanwhile may or may not be seen. */
  readonly values: () => Generator<T, void>;
}

/** Creates a bag; it stays as large as the most that it ever held. */
export function createSlots<T extends object>(): Slots<T> {
  const places: (T | undefined)[] = [];
  const empty: number[] = [];
  return {
    put: (value) => {
      const place = empty.pop() ?? places.length;
      places[place] = value;
      return place;
    },
    free: (place) => {
      places[place] = undefined;
      empty.push(place);
    },
    values: function* () {
      for (const value of places) if (value !== undefined) yield value;
    },
  };
}
