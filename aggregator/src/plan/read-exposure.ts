/** Reads how an endpoint of the file shows its tools. Decides what it is where the file says nothing, and what does not go together. Pure. */
import { checkExposure, exposureLimits, exposureModes, type Exposure, type ExposureMode } from "./exposure.ts";
import { isObject, readGlobs, refuseUnknown, type Fields, type Report } from "./read-fields.ts";

/** What a named endpoint has where its entry says nothing. */
export const usualExposure: Exposure = { mode: "auto", directBelow: exposureLimits.directBelow, pinned: [] };

const { mostPinned, mostDirect } = exposureLimits;

/** Reads it; undefined where it is absent, or so wrong that there is none. */
export function readExposure(value: unknown, place: string, report: Report): Exposure | undefined {
  if (value === undefined) return undefined;
  if (!isObject(value)) {
    report(place, 'an object such as {"mode":"auto"}');
    return undefined;
  }
  refuseUnknown(value, ["mode", "directBelow", "pinned"], { place, report });
  const mode = readMode(value, `${place}.mode`, report);
  const directBelow = readBound(value, { place: `${place}.directBelow`, mode, report });
  const pinned = readGlobs(value["pinned"], `${place}.pinned`, report);
  if (pinned.length > mostPinned) report(`${place}.pinned`, `at most ${mostPinned} globs`);
  if (mode === undefined) return undefined;
  const problem = checkExposure({ mode, pinned });
  if (problem !== undefined) report(place, `settings that go together: ${problem}`);
  return { mode, directBelow, pinned };
}

function readMode(
  { mode: given = usualExposure.mode }: Fields,
  place: string,
  report: Report,
): ExposureMode | undefined {
  const mode = exposureModes.find((word) => word === given);
  if (mode === undefined) report(place, `one of ${exposureModes.join(", ")}`);
  return mode;
}

interface BoundPlace {
  readonly place: string;
  readonly mode: ExposureMode | undefined;
  readonly report: Report;
}

function readBound({ directBelow: given }: Fields, { place, mode, report }: BoundPlace): number {
  if (given === undefined) return usualExposure.directBelow;
  if (mode !== undefined && mode !== "auto") report(place, "nothing: it goes with mode auto");
  if (Number.isInteger(given) && Number(given) >= 0 && Number(given) <= mostDirect) return Number(given);
  report(place, `a whole number from 0 to ${mostDirect}`);
  return usualExposure.directBelow;
}
