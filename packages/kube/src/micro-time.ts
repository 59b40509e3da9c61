/** The time format of leases and events. */

/** RFC 3339 with microseconds, the form of MicroTime, from Unix epoch ms. */
export function toMicroTime(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000Z");
}
