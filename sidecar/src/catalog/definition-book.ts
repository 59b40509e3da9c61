/**
 * Keeps the definitions of the server's tools: as they were seen first in this process's life, as they are now, and which of them policy
 * approves. What is approved is decided in packages/policy; what is done about it, by those who ask here.
 */
import type { FeedFinding, RawObject } from "@outrigger/api/feed";
import { judgePin, type CompiledPins, type CompiledPolicy, type PinState, type ToolFacts } from "@outrigger/policy";
import { findRepeatedKey } from "../call/inspect/repeated-key.ts";
import { differingMembers, readDefinition, type Definition } from "./definition.ts";

/** The book of one server. */
export interface DefinitionBook {
  /** Takes over a whole list of the server's. */
  readonly observe: (tools: readonly RawObject[]) => void;
  /** What policy may rely on about a tool; undefined for one that was never listed. */
  readonly factsOf: (name: string) => ToolFacts | undefined;
  /** The same of a definition that stands in a list on its way to a client: it may differ from the one that was seen last. */
  readonly factsOfEntry: (name: string, json: Uint8Array) => ToolFacts | undefined;
  /** Tools that are not as approved, in the server's order, at most 256. */
  readonly findings: () => readonly FeedFinding[];
}

/** What the book needs. `onStrange`: a definition was seen on its way that is not the one of the last list. */
export interface BookOptions {
  readonly server: string;
  readonly policy: () => CompiledPolicy;
  readonly onStrange: () => void;
}

interface Entry {
  readonly first: Definition;
  now: Definition;
  /** The last one that was approved by hand, while it is not the one of now. */
  approved: Definition | undefined;
}

/** Names that are remembered. A server that makes up more of them has its new tools taken for unapproved. */
const maxNames = 10_000;
const maxFindings = 256;

/** Creates an empty book. */
export function createDefinitionBook({ server, policy, onStrange }: BookOptions): DefinitionBook {
  const entries = new Map<string, Entry>();
  let listed: readonly string[] = [];

  const judge = (pins: CompiledPins, name: string, { digest }: Definition): PinState =>
    judgePin(pins, { server, name, digest, firstSeen: entries.get(name)?.first.digest });
  const note = (tool: RawObject): readonly string[] => {
    const { name } = tool;
    const definition = readDefinition(tool);
    if (typeof name !== "string" || definition === undefined) return [];
    const entry = entries.get(name);
    const { pins } = policy();
    if (entry === undefined && entries.size < maxNames)
      entries.set(name, { first: definition, now: definition, approved: undefined });
    if (entry !== undefined && entry.now.digest !== definition.digest) {
      if (pins !== undefined && judge(pins, name, entry.now) === "Approved") entry.approved = entry.now;
      entry.now = definition;
    }
    return [name];
  };
  const findApproved = (pins: CompiledPins, name: string, { now, first, approved }: Entry): Definition | undefined =>
    [now, approved, first].find((each) => each !== undefined && judge(pins, name, each) === "Approved");
  const factsOf = (name: string, shown?: Definition): ToolFacts | undefined => {
    const entry = entries.get(name);
    if (entry === undefined) return undefined;
    const { pins } = policy();
    if (pins === undefined) return { pin: "Approved", approved: shown ?? entry.now };
    const approved = findApproved(pins, name, entry);
    return { pin: judge(pins, name, shown ?? entry.now), ...(approved === undefined ? {} : { approved }) };
  };
  const find = (name: string): readonly FeedFinding[] => {
    const { pins } = policy();
    const entry = entries.get(name);
    if (pins === undefined || entry === undefined) return [];
    const state = judge(pins, name, entry.now);
    if (state === "Approved") return [];
    const approved = findApproved(pins, name, entry);
    const fields = approved === undefined ? [] : differingMembers(approved, entry.now);
    return [{ tool: name, digest: `sha256:${entry.now.digest}`, state, fields, withheld: pins.mode === "Enforce" }];
  };
  return {
    observe: (tools) => {
      listed = tools.flatMap(note);
    },
    factsOf: (name) => factsOf(name),
    factsOfEntry: (name, json) => {
      const shown = readEntry(json);
      if (shown === undefined) return undefined;
      if (entries.get(name)?.now.digest !== shown.digest) onStrange();
      return factsOf(name, shown);
    },
    findings: () => listed.flatMap(find).slice(0, maxFindings),
  };
}

/** A definition whose keys stand twice is none: a client could read another one than was pinned. */
function readEntry(json: Uint8Array): Definition | undefined {
  const text = Buffer.from(json.buffer, json.byteOffset, json.byteLength).toString("utf8");
  if (findRepeatedKey(text, (key) => key) !== undefined) return undefined;
  // Cut out of a list whose JSON was walked; an entry without a name was refused there, so it is an object.
  return readDefinition(JSON.parse(text) as RawObject);
}
