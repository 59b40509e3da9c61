/** What of a body that reached the server is forbidden, whichever way a server reads it. Knows nothing of the sidecar's own reading. */
import { isForbidden } from "../names.ts";
import { decodeLoosely, readAlternatives, textsOf, type Loose } from "./decode.ts";

const targets = {
  "tools/call": { kind: "tool", key: "name" },
  "prompts/get": { kind: "prompt", key: "name" },
  "resources/read": { kind: "resource", key: "uri" },
  "resources/subscribe": { kind: "resource", key: "uri" },
} as const;

/** The forbidden things that a body calls by any reading, as `method name`. Bodies that JSON.parse refuses call nothing. */
export function findForbidden(body: string): readonly string[] {
  try {
    JSON.parse(body);
  } catch {
    return [];
  }
  const message = decodeLoosely(body);
  return "elements" in message ? message.elements.flatMap(findInMessage) : findInMessage(message);
}

function findInMessage(message: Loose): readonly string[] {
  const params = readAlternatives(message, "params");
  return textsOf(readAlternatives(message, "method")).flatMap((method) => {
    if (!Object.hasOwn(targets, method)) return [];
    const { kind, key } = targets[method as keyof typeof targets];
    return params
      .flatMap((each) => textsOf(readAlternatives(each, key)))
      .filter((name) => isForbidden(kind, name))
      .map((name) => `${method} ${name}`);
  });
}
