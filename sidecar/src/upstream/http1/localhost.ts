/**
 * The addresses of `localhost`, which nobody has to be asked for: a server that was told this name listens on one of the two, and which one
 * is its system's choice. Source: RFC 6761 section 6.3.
 */
import type { LookupFunction } from "node:net";

const addresses = [
  { address: "127.0.0.1", family: 4 },
  { address: "::1", family: 6 },
] as const;

/** Gives both; Node tries them in this order, the next one as soon as nobody listens on the one before. */
export const lookUpLocalhost: LookupFunction = (_name, { all, family }, tell) => {
  const wanted = addresses.filter((each) => family === each.family || (family !== 4 && family !== 6));
  const [first = addresses[0]] = wanted;
  if (all === true) tell(null, [...wanted]);
  else tell(null, first.address, first.family);
};
