/** Compiles layers of policy into one immutable object that decides by look-up. Layers only narrow: each must consent. */
import type { AuditDetail } from "./document/controls.ts";
import type { NameLists, PolicyDocument } from "./document/document.ts";
import type { Limit } from "./document/limits.ts";
import { compileAnswers } from "./answers.ts";
import { compileBounds } from "./bounds.ts";
import { compileGlobs } from "./glob.ts";
import type { CompiledLimit, CompiledLists, CompiledPolicy, DenialReason, Engines, Guards } from "./compiled.ts";
import { compileInspection } from "./inspect.ts";
import { compilePins, type CompiledPins } from "./pins.ts";
import { compileRedaction } from "./result/redact.ts";
import { compileRule } from "./rules.ts";

/** Sizes in force where no layer says less, in bytes. */
export const defaultSizes = { maxRequestBytes: 4 * 1024 ** 2, maxResponseBytes: 10 * 1024 ** 2 } as const;

/**
 * Compiles layers; their order is without meaning. Layers in audit mode bind nobody: they make the trial.
 * Cost: once per policy change; the result is shared by all calls.
 */
export function compilePolicy(layers: readonly PolicyDocument[], engines: Engines = {}): CompiledPolicy {
  const enforced = layers.filter(({ mode }) => mode === "Enforce");
  const compiled = compileLayers(enforced, engines);
  if (enforced.length === layers.length) return compiled;
  const limitsOnTrial = compileLimits(layers.filter(({ mode }) => mode === "Audit").flatMap(({ limits }) => limits));
  // Limits on trial count apart, and those in force have counted already.
  const limits = limitsOnTrial.map((limit) => ({ ...limit, key: `trial:${limit.key}` }));
  return { ...compiled, needsView: true, trial: { ...compileLayers(layers, engines), limits } };
}

function compileLayers(layers: readonly PolicyDocument[], engines: Engines): CompiledPolicy {
  const deniesByDefault = layers.some((layer) => layer.defaultAction === "Deny");
  const pins = compilePins(layers.map((layer) => layer.pins));
  const guards = compileGuards(layers, pins, engines);
  const bounds = compileBounds(layers);
  const inspection = compileInspection(layers, guards?.layers ?? [], engines.checkSchema);
  const smallest = (pick: (layer: PolicyDocument) => number | undefined, start: number): number =>
    layers.reduce((least, layer) => Math.min(least, pick(layer) ?? least), start);
  return {
    denied: undefined,
    lists: {
      tool: layers.map((layer) => compileLists(layer.tools, layer)),
      prompt: layers.map((layer) => compileLists(layer.prompts, layer)),
      resource: layers.map((layer) => compileLists(layer.resources, layer)),
    },
    deniesByDefault,
    isRestricted: deniesByDefault || layers.some(isRestricting),
    limits: compileLimits(layers.flatMap((layer) => layer.limits)),
    maxRequestBytes: smallest((layer) => layer.sizes.maxRequestBytes, defaultSizes.maxRequestBytes),
    maxResponseBytes: smallest((layer) => layer.sizes.maxResponseBytes, defaultSizes.maxResponseBytes),
    onOversize: compileOversize(layers),
    needsView: guards !== undefined || inspection !== undefined || bounds !== undefined,
    guards,
    inspection,
    bounds,
    redaction: compileRedaction(layers.flatMap((layer) => layer.results.redact)),
    answers: compileAnswers(layers),
    pins,
    audit: {
      arguments: leastTelling(layers.map((layer) => layer.audit.arguments)),
      results: leastTelling(layers.map((layer) => layer.audit.results)),
    },
    trial: undefined,
  };
}

/** The policy that denies everything, for one reason. */
export function compileDenial(reason: DenialReason): CompiledPolicy {
  return { ...compileLayers([], {}), denied: reason, deniesByDefault: true, isRestricted: true };
}

function compileGuards(
  layers: readonly PolicyDocument[],
  pins: CompiledPins | undefined,
  { compileCondition }: Engines,
): Guards | undefined {
  const readOnly = layers.some((layer) => layer.access === "ReadOnly");
  const holdsBack = pins?.mode === "Enforce";
  if (!readOnly && !holdsBack && layers.every((layer) => layer.rules.length === 0)) return undefined;
  const compiled = layers.map(({ rules }) => ({
    allow: rules.filter(({ action }) => action === "Allow").map((rule) => compileRule(rule, compileCondition)),
    deny: rules.filter(({ action }) => action === "Deny").map((rule) => compileRule(rule, compileCondition)),
  }));
  return { readOnly, holdsBack, layers: compiled };
}

/** An answer is cut only where nobody wants it refused. */
function compileOversize(layers: readonly PolicyDocument[]): CompiledPolicy["onOversize"] {
  const said = layers.map((layer) => layer.sizes.onOversize).filter((word) => word !== undefined);
  return said.length > 0 && said.every((word) => word === "Truncate") ? "Truncate" : "Reject";
}

function leastTelling(said: readonly (AuditDetail | undefined)[]): AuditDetail {
  const words = said.filter((word) => word !== undefined);
  if (words.length === 0) return "Omit";
  return (["Omit", "Hash"] as const).find((word) => words.includes(word)) ?? "Include";
}

/** Where something has to be allowed in so many words, a method that nobody knows is not. */
function isRestricting(layer: PolicyDocument): boolean {
  return hasAllowList(layer) || layer.access === "ReadOnly" || layer.rules.some(({ action }) => action === "Allow");
}

function hasAllowList(layer: PolicyDocument): boolean {
  return [layer.tools, layer.prompts, layer.resources].some((lists) => lists.allow !== undefined);
}

function compileLists({ allow, deny }: NameLists, { onlyNarrows }: PolicyDocument): CompiledLists {
  const lists = { deny: compileGlobs(deny), consents: onlyNarrows !== true };
  return allow === undefined ? lists : { ...lists, allow: compileGlobs(allow) };
}

/** A limit that says the same as one before it adds nothing: whatever passes the first passes the second. */
function compileLimits(limits: readonly Limit[]): CompiledLimit[] {
  const byKey = new Map<string, CompiledLimit>();
  for (const limit of limits.map(compileLimit)) byKey.set(limit.key, limit);
  return [...byKey.values()];
}

/** How long a call waits where a limit has it wait and does not say how long, in ms. */
const usualQueueTimeoutMs = 10_000;

function compileLimit(limit: Limit): CompiledLimit {
  const { rate, maxConcurrency, queue, queueTimeoutMs } = limit;
  return {
    key: keyOfLimit(limit),
    source: limit,
    name: limit.name,
    tools: compileGlobs(limit.tools),
    methods: compileGlobs(limit.methods),
    perCaller: limit.per.includes("Caller"),
    perTool: limit.per.includes("Tool"),
    ...(rate === undefined ? {} : { rate: { ...rate, burst: limit.burst ?? rate.count } }),
    ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
    ...(queue === undefined ? {} : { queue: { length: queue, timeoutMs: queueTimeoutMs ?? usualQueueTimeoutMs } }),
  };
}

function keyOfLimit({ name, tools, methods, per, rate, burst, maxConcurrency, queue, queueTimeoutMs }: Limit): string {
  const counts = [rate?.count, rate?.periodMs, burst, maxConcurrency, queue, queueTimeoutMs];
  return JSON.stringify([name, tools, methods, per, ...counts]);
}
