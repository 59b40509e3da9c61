/** The settings that say what endpoints show, and which servers there are for them; and what of them does not go together. Pure. */
import { parseDnsLabel, parseGlobList, parseServerName, parseWhole, parseWord } from "@outrigger/api/values";
import { parseText, type ParsedSetting } from "@outrigger/runtime/config";
import { checkExposure, exposureLimits, exposureModes, type Exposure, type ExposureMode } from "./exposure.ts";

/** A label that takes servers out: a value, or any where it is absent. */
export interface LabelMatch {
  readonly key: string;
  readonly value?: string;
}

/** The part of the table of settings. */
export const endpointSettings = {
  mode: {
    flag: "mode",
    env: "OUTRIGGER_MODE",
    help: "what clients see: search (four tools that lead to all others), direct (every tool), hybrid (search with --pinned tools beside it) or auto (direct below --direct-below tools, else search)",
    parse: (text: string) => parseWord(text, exposureModes),
    fallback: "search" as ExposureMode,
  },
  directBelow: {
    flag: "direct-below",
    env: "OUTRIGGER_DIRECT_BELOW",
    help: "for --mode auto: so many tools and more are found by search instead of being listed",
    parse: (text: string) => parseWhole(text, { min: 0, max: exposureLimits.mostDirect }),
    fallback: exposureLimits.directBelow as number,
  },
  pinned: {
    flag: "pinned",
    env: "OUTRIGGER_PINNED",
    help: "comma-separated globs of tools that are listed beside search",
    parse: parsePinned,
    fallback: [] as readonly string[],
  },
  endpoints: {
    flag: "endpoints",
    env: "OUTRIGGER_ENDPOINTS",
    help: "file with endpoints of your own and settings of groups; read again when it changes",
    parse: parseText,
  },
  groups: {
    flag: "groups",
    env: "OUTRIGGER_GROUPS",
    help: "comma-separated groups; servers of others are not there for this aggregator",
    parse: parseGroups,
    fallback: [] as readonly string[],
  },
  excludeServers: {
    flag: "exclude-servers",
    env: "OUTRIGGER_EXCLUDE_SERVERS",
    help: "comma-separated servers that are left out: NAMESPACE/NAME, or NAME in every namespace",
    parse: parseServers,
    fallback: [] as readonly string[],
  },
  excludeLabels: {
    flag: "exclude-labels",
    env: "OUTRIGGER_EXCLUDE_LABELS",
    help: "comma-separated labels KEY=VALUE or KEY; servers whose pods have one of them are left out",
    parse: parseLabels,
    fallback: [] as readonly LabelMatch[],
  },
};

/** What of the settings can't be meant together. */
export function checkEndpoints(exposure: Exposure): readonly string[] {
  const problem = checkExposure(exposure);
  return problem === undefined ? [] : [`--mode and --pinned: ${problem}`];
}

function parsePinned(text: string): ParsedSetting<readonly string[]> {
  const globs = parseGlobList(text);
  if (globs.ok && globs.value.length <= exposureLimits.mostPinned) return globs;
  return { ok: false, expected: `a comma-separated list of 1-${exposureLimits.mostPinned} tool names or globs` };
}

function parseGroups(text: string): ParsedSetting<readonly string[]> {
  return parseItems(text, {
    read: (item) => (parseDnsLabel(item).ok ? item : undefined),
    expected: 'a comma-separated list of groups such as "code,data"',
  });
}

function parseServers(text: string): ParsedSetting<readonly string[]> {
  const isServer = (item: string): boolean => {
    const [name = "", namespace, ...more] = item.split("/").reverse();
    return more.length === 0 && parseServerName(name).ok && (namespace === undefined || parseDnsLabel(namespace).ok);
  };
  return parseItems(text, {
    read: (item) => (isServer(item) ? item : undefined),
    expected: 'a comma-separated list of servers such as "tools/inspector,debug", without wildcards',
  });
}

// Source: Kubernetes, "Labels and Selectors", syntax and character set.
const labelForm =
  /^(?<key>(?:[a-z0-9][a-z0-9.-]{0,252}\/)?[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)(?:=(?<value>[A-Za-z0-9._-]{0,63}))?$/;

function parseLabels(text: string): ParsedSetting<readonly LabelMatch[]> {
  return parseItems(text, {
    read: (item) => {
      const { key, value } = labelForm.exec(item)?.groups ?? {};
      if (key === undefined) return undefined;
      return value === undefined ? { key } : { key, value };
    },
    expected: 'a comma-separated list of labels such as "team=platform,internal"',
  });
}

interface ItemForm<T> {
  readonly read: (item: string) => T | undefined;
  readonly expected: string;
}

function parseItems<T>(text: string, { read, expected }: ItemForm<T>): ParsedSetting<readonly T[]> {
  const items = text.split(",").map((item) => read(item.trim()));
  const known = items.filter((item) => item !== undefined);
  return known.length === items.length ? { ok: true, value: known } : { ok: false, expected };
}
