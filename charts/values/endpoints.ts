/** What the aggregator's endpoints show, and which servers there are for them. */
import { exposureLimits, exposureModes } from "../../aggregator/src/plan/exposure.ts";
import { patterns } from "./forms.ts";
import { closed, count, list, shaped, word, type Leaf, type Schema } from "./node.ts";

const globs: Schema = { type: "array", maxItems: 256, items: { type: "string", pattern: "^[!-+\\--~]{1,128}$" } };
const words: Schema = { type: "string", minLength: 1, maxLength: 1_024 };
const { mostPinned, mostDirect, directBelow } = exposureLimits;
const pinned: Schema = { ...globs, maxItems: mostPinned };
const exposure = closed({
  mode: { type: "string", enum: exposureModes },
  directBelow: { type: "integer", minimum: 0, maximum: mostDirect },
  pinned,
});
const group = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?";
const tool = closed(
  {
    tool: { type: "string", minLength: 1 },
    name: { type: "string", pattern: "^[A-Za-z0-9_-]{1,64}$" },
    description: words,
    arguments: { type: "object", maxProperties: 64, additionalProperties: true },
  },
  ["tool"],
);
const endpoint = closed({
  description: words,
  servers: globs,
  groups: { type: "array", items: { type: "string", pattern: `^(${group}/)?${group}$` } },
  include: globs,
  exclude: globs,
  tools: { type: "array", maxItems: 256, items: tool },
  exposure,
});

/** By names of a form. */
function named(pattern: string, each: Schema): Schema {
  return { type: "object", additionalProperties: false, patternProperties: { [pattern]: each } };
}

/** Members of the aggregator's values. */
export const endpointValues: Readonly<Record<string, Leaf>> = {
  mode: word(
    {
      meaning:
        "What clients see. search: four tools that lead to all others; direct: every tool; hybrid: search with `aggregator.pinned` tools beside it; auto: direct below `aggregator.directBelow` tools, else search.",
      fallback: "search",
      other: "direct",
    },
    exposureModes,
  ),
  directBelow: count(
    {
      meaning: "For mode auto: so many tools and more are found by search instead of being listed.",
      fallback: directBelow,
      other: 40,
    },
    { min: 0, max: mostDirect },
  ),
  pinned: shaped(
    {
      meaning: "Globs of tools that are listed beside search, for modes hybrid and auto.",
      fallback: [],
      other: ["tools__git__*"],
      beside: { "aggregator.mode": "auto" },
    },
    pinned,
  ),
  groups: list(
    {
      meaning: "Groups whose servers there are for the aggregator; empty: all.",
      fallback: [],
      other: ["code"],
    },
    { type: "string", pattern: patterns.name },
  ),
  excludeServers: list(
    {
      meaning: "Servers that are left out, by their exact names: `NAMESPACE/NAME`, or `NAME` in every namespace.",
      fallback: [],
      other: ["tools/inspector"],
    },
    { type: "string", pattern: "^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?/)?[^/,]{1,64}$" },
  ),
  excludeLabels: list(
    {
      meaning: "Labels `KEY=VALUE`, or `KEY` with any value; servers whose pods have one of them are left out.",
      fallback: [],
      other: ["team=platform"],
    },
    { type: "string", pattern: "^[A-Za-z0-9./_-]{1,317}(=[A-Za-z0-9._-]{0,63})?$" },
  ),
  endpoints: shaped(
    {
      meaning:
        "Endpoints of your own, by name, each at `/mcp/v/NAME`: which tools they show, under which names and with which arguments. A change reaches running pods without a restart, after the kubelet's minute or so.",
      fallback: {},
      other: { reviews: { servers: ["tools/git"] } },
    },
    named(`^${group}$`, endpoint),
  ),
  groupEndpoints: shaped(
    {
      meaning: "What the endpoints of groups show, by `NAME` of the group, or `NAMESPACE/NAME`.",
      fallback: {},
      other: { code: { exclude: ["*__push"] } },
    },
    named(`^(${group}/)?${group}$`, closed({ description: words, include: globs, exclude: globs, exposure })),
  ),
};
