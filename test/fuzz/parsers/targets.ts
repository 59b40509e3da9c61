/**
 * What of the aggregator reads texts of others, each with texts that are right and what must hold for every other text: nothing is thrown, and
 * nothing is accepted that was not made here, or that means something else than it says.
 */
import { randomBytes } from "node:crypto";
import { callerType, nameAudience } from "@outrigger/api/caller";
import { generateKeyPair, signCompact } from "@outrigger/runtime/jws";
import { anonymous } from "../../../aggregator/src/auth/principal.ts";
import { listed, mergeAll } from "../../../aggregator/src/catalog/example-servers.ts";
import { findByPublicName } from "../../../aggregator/src/catalog/find.ts";
import { maxPublicNameLength } from "../../../aggregator/src/catalog/name.ts";
import { takePage } from "../../../aggregator/src/endpoint/page.ts";
import { pathOf, readPath } from "../../../aggregator/src/plan/address.ts";
import { readEndpointFile } from "../../../aggregator/src/plan/read-file.ts";
import { openHandle, sealHandle } from "../../../aggregator/src/replicas/handle.ts";
import { openHop, sealHop } from "../../../aggregator/src/replicas/hop.ts";
import { createSeal, createSealKey } from "../../../aggregator/src/replicas/seal.ts";
import { createCallers } from "../../../sidecar/src/call/callers.ts";

/** One parser. */
export interface ParserTarget {
  readonly name: string;
  /** Texts to begin with. */
  readonly seeds: readonly string[];
  /** Reads a text; a sentence where what came of it is wrong. */
  readonly judge: (text: string) => string | undefined;
}

const nowMs = 1_800_000_000_000;
const key = createSealKey(randomBytes(32));
const seal = createSeal({ keys: () => [key], randomBytes });

const presented = { kind: "session", principal: anonymous, endpoint: "/mcp", nowMs } as const;
const greeting = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "c", version: "1" } };

function targetHandle(): ParserTarget {
  const made = new Set(
    ["one", "two"].map((id) => sealHandle(seal, { ...presented, id, owner: "10.0.0.1:7780", greeting })),
  );
  return {
    name: "session handle",
    seeds: [...made],
    judge: (text) =>
      openHandle(seal, text, presented).ok === made.has(text)
        ? undefined
        : "opened what was not sealed, or the reverse",
  };
}

function targetHop(): ParserTarget {
  const request = { method: "POST", url: "/mcp", body: Buffer.from("{}"), nowMs };
  const made = sealHop(seal, { principal: anonymous, caller: "User:alice" }, request);
  const ofAnother = sealHop(seal, { principal: anonymous, caller: "User:mallory" }, { ...request, url: "/mcp/g/a" });
  return {
    name: "hop header",
    seeds: [made, ofAnother],
    judge: (text) =>
      (openHop(seal, text, request) !== undefined) === (text === made) ? undefined : "took what no replica has told",
  };
}

function targetCursor(): ParserTarget {
  const items = Array.from({ length: 500 }, (_, at) => `srv__tool_${String(at).padStart(3, "0")}`);
  const wanted = { keyOf: (item: string) => item, size: 50 };
  const first = takePage(items, wanted);
  const next = first.ok ? first.nextCursor : undefined;
  return {
    name: "cursor",
    seeds: [next ?? "", Buffer.from('{"after":"srv__tool_250"}').toString("base64url")],
    judge: (cursor) => {
      const page = takePage(items, { ...wanted, cursor });
      if (!page.ok) return undefined;
      const start = page.items[0] === undefined ? items.length : items.indexOf(page.items[0]);
      const isRun = page.items.length <= 50 && page.items.every((item, at) => item === items[start + at]);
      return isRun ? undefined : "gave items that do not follow each other";
    },
  };
}

async function targetAssertion(): Promise<ParserTarget> {
  const pair = await generateKeyPair();
  const audience = { namespace: "tools", server: "files" };
  const claims = {
    aud: nameAudience(audience),
    sub: "alice",
    kind: "User",
    iat: nowMs / 1_000,
    exp: nowMs / 1_000 + 200,
  };
  const right = await signCompact(JSON.stringify(claims), pair.privateJwk, callerType);
  const elsewhere = { ...claims, aud: nameAudience({ ...audience, server: "vault" }) };
  const ofAnother = await signCompact(JSON.stringify(elsewhere), pair.privateJwk, callerType);
  const keys = { keys: [pair.publicJwk] };
  const callers = createCallers({ keys: () => keys, ...audience, wallNow: () => nowMs });
  return {
    name: "assertion",
    seeds: [right, ofAnother],
    judge: (text) => {
      const caller = callers.identify({ "outrigger-caller": text });
      return (typeof caller === "object") === (text === right) ? undefined : "believed what was not said";
    },
  };
}

function targetEndpointFile(): ParserTarget {
  const file = {
    endpoints: {
      reviews: {
        ...{
          description: "For reviewers.",
          servers: ["tools/*"],
          groups: ["code"],
          include: ["*__get_*"],
          exclude: ["x__*"],
        },
        tools: [{ tool: "git__create_issue", name: "file_bug", description: "Files a bug.", arguments: { repo: "a" } }],
        exposure: { mode: "hybrid", pinned: ["*__get_me"] },
      },
    },
    groups: { "tools/code": { include: ["*__get_*"] } },
  };
  return {
    name: "endpoint file",
    seeds: [JSON.stringify(file), "{}"],
    judge: (text) => {
      const read = readEndpointFile(text);
      if (!read.ok) return read.problem === "" ? "refused without a word" : undefined;
      const names = [...read.value.endpoints.values()].flatMap(({ rules }) => rules.flatMap(({ name }) => name ?? []));
      return names.some((name) => name.includes("__")) ? "took a name that a server's tool could have" : undefined;
    },
  };
}

const targetAddress: ParserTarget = {
  name: "address",
  seeds: ["/mcp", "/mcp/g/code", "/mcp/g/tools/code", "/mcp/s/tools/files", "/mcp/s/files", "/mcp/v/reviews"],
  judge: (path) => {
    const address = readPath(path);
    if (address === undefined) return undefined;
    const own = pathOf(address);
    return JSON.stringify(readPath(own)) === JSON.stringify(address)
      ? undefined
      : `leads to ${own}, which leads elsewhere`;
  },
};

function targetToolName(): ParserTarget {
  const odd = ["a", "a__b", "ü", "x".repeat(200), "a b", "a--0123456789abcdef", "__proto__", "toString"];
  const catalogue = mergeAll([listed("git", odd), listed("git__hub", odd)]);
  return {
    name: "name of a tool",
    seeds: catalogue.tools.map(({ publicName }) => publicName),
    judge: (name) => {
      const found = findByPublicName(catalogue, name);
      if (found === undefined) return undefined;
      const isSafe = /^[A-Za-z0-9_-]+$/.test(name) && name.length <= maxPublicNameLength && name.includes("__");
      return isSafe && found.publicName === name ? undefined : "found a tool under a name that it has not";
    },
  };
}

/** All of them. */
export async function createParserTargets(): Promise<readonly ParserTarget[]> {
  const own = [targetHandle(), targetCursor(), targetEndpointFile(), targetAddress, targetHop(), targetToolName()];
  return [...own, await targetAssertion()];
}
