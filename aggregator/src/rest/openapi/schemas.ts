/** What answers of the read API look like, by name. The one place that says so: document, page and tests are made from it. Pure data. */
import { reasonList } from "@outrigger/api/reasons";
import { words } from "@outrigger/api/words";
import { count, list, map, number, object, open, ref, text, time, truth, word, type Schema } from "./schema.ts";

const healthStates = ["Initializing", "Ready", "Degraded", "Dead"];
const serverStates = [...healthStates, "Cold"];
const reason = word(reasonList, "A word of the page of reasons.");

const enforced = object(
  { status: word(["True", "False", "Unknown"]), reason, message: text() },
  "Whether a way round the sidecar was found when it was looked for.",
);

const finding = object(
  {
    tool: text("The server's own name for it."),
    digest: text("Of its definition of now."),
    state: word(["Changed", "Unapproved"]),
    fields: list(text(), "Members that differ from the approved definition."),
    withheld: truth("Whether the tool is held back for it."),
  },
  "A tool whose definition is not the approved one.",
);

const limits = object(
  {
    calls: list(
      object({ name: text(), "rate?": text(), "burst?": count(), "max_concurrency?": count(), "per?": list(text()) }),
    ),
    max_request_bytes: count(),
    max_response_bytes: count(),
  },
  "What policy limits of its calls; absent where no sidecar of it was heard yet.",
);

const outcomes = {
  ok: count(),
  tool_error: count("Results that say themselves that they are errors."),
  error: count("JSON-RPC errors, refusals among them."),
  cancelled: count("Callers that did not wait for the answer."),
};

const times = {
  calls: object(outcomes),
  meanMs: number("Mean time of a call, in ms."),
  longestMs: number("Longest time of a call, in ms."),
  lastAt: time("End of the last call."),
};

/** Schemas by name. */
export const schemas: Readonly<Record<string, Schema>> = {
  Error: object({
    error: object({
      "reason?": reason,
      message: text("What is wrong, and what would be right."),
      "nearest?": list(text(), "Names that are like the one that was not found."),
    }),
  }),
  Catalogue: object(
    {
      reason,
      message: text("Why the last attempt to list it failed, or how much of it is visible."),
      at: time("Of the last attempt."),
      "listedAt?": time("Of the last attempt that succeeded; absent where none has, or its sidecar is too old to say."),
    },
    "How reading the server's lists went last.",
  ),
  Replica: object(
    {
      key: text(),
      state: word(healthStates),
      reason,
      message: text(),
      url: text("Address of its sidecar."),
      ready: truth("What the place where it was found says."),
      "digest?": text("Of what it lists."),
      "catalogue?": ref("Catalogue"),
      since: time("Of the last change of state or reason."),
      "enforced?": enforced,
      "findings?": list(finding),
    },
    "One replica of a server.",
  ),
  Server: object(
    {
      name: text(),
      namespace: text(),
      createdAt: text("Of its oldest replica, RFC 3339; empty where nobody said it."),
      labels: map(text(), "Of its newest replica."),
      "group?": text(),
      "title?": text(),
      "description?": text(),
      "image?": text(),
      "transport?": word(words.transport),
      "port?": count(),
      transports: list(word(["streamable-http"]), "How its sidecar can be spoken to."),
      origin: word(["ConfigMap", "File", "Injected", "Service"]),
      state: word(serverStates, "Cold: it is asleep, and a call wakes it."),
      reason,
      message: text(),
      "url?": text("Of the replica that is best off."),
      "era?": word(["legacy", "modern"]),
      "protocolVersion?": text(),
      "digest?": text("Of what is served of it."),
      "catalogue?": ref("Catalogue"),
      toolsCount: count(),
      notes: list(object({ reason, message: text() }), "What a person should know of it."),
      replicas: list(ref("Replica")),
    },
    "One server, with its replicas.",
  ),
  Servers: object({
    servers: list(ref("Server"), "In order of namespace and name."),
    faults: list(text(), "Places that can't be searched for servers now."),
  }),
  Tool: open(
    {
      name: text("Its public name: what a call takes."),
      ownName: text("The server's own name for it."),
      server: text(),
      namespace: text(),
      group: text(),
      state: word(serverStates, "Of its server."),
      "effectiveLimits?": limits,
    },
    "A tool: its definition as the server sent it, and where it is.",
  ),
  Tools: object({
    total: count("Of all pages."),
    tools: list(ref("Tool")),
    "nextCursor?": text("For the next page; absent on the last."),
  }),
  FoundTool: object(
    {
      name: text("Its public name: what a call takes."),
      server: text(),
      namespace: text(),
      "description?": {},
      "inputSchema?": {},
      "annotations?": {},
      "required?": list(text(), "Names of required arguments; with detail=short."),
      score: number("Above 0, at most 1."),
      "state?": word(serverStates, "Only where its server is not ready."),
      "same_as?": list(text(), "Copies of it."),
      "same_as_more?": count(),
    },
    "One result of a search.",
  ),
  Search: object({
    tools: list(ref("FoundTool"), "Best first."),
    confidence: word(["normal", "low"]),
    did_you_mean: list(text()),
    "hint?": text(),
    "truncated?": truth(),
    "shortened?": count(),
    "left_out?": count(),
    token_metrics: open({}, "Tokens of all definitions beside those of the answer."),
    "explanations?": list(open({ name: text() }), "Why tools stand where they stand; with explain=true."),
  }),
  Summary: object({
    servers: count(),
    successful: count("Have a list, and answer or are asleep."),
    failed: count("Are dead, could not be listed or can't be dialled."),
    pending: count("Have not said anything yet."),
    tools: count(),
    states: map(count()),
    faults: list(text(), "Places that can't be searched for servers now."),
  }),
  Calls: object({
    since: time("Start of this replica of the aggregator, whose calls are counted."),
    calls: object(outcomes),
    servers: list(
      object({
        namespace: text(),
        server: text(),
        ...times,
        tools: list(object({ name: text("Its public name."), ...times })),
      }),
      "Those that were called, and are there, in order of namespace and name.",
    ),
    "searches?": object(
      { requests: count(), tokensSaved: count("Tokens of definitions that callers did not have to read.") },
      "Searches of all callers; absent where not all callers see the same.",
    ),
    uncounted: count("Calls of further tools than are counted one by one; they are in no other figure."),
  }),
  Health: object({
    ok: truth(),
    checks: list(object({ name: text(), ok: truth(), message: text() })),
  }),
  Config: object({
    version: text(),
    settings: list(
      object({
        flag: text(),
        "env?": text("The variable that stands in for it."),
        help: text(),
        value: { description: "The value in force; null where there is none, `(set)` where it may hold a secret." },
      }),
    ),
  }),
  Document: open({ openapi: text() }, "This document."),
};
