/** Who may call the aggregator: how callers are identified, its own TLS, and what stands in front of it. */
import { patterns } from "./forms.ts";
import { closed, list, shaped, text, word, type Group, type Leaf } from "./node.ts";

const texts = { type: "array", items: { type: "string", minLength: 1 } };
const issuer = closed(
  {
    url: { type: "string", pattern: "^https?://[!-~]+$" },
    audiences: { ...texts, minItems: 1 },
    name: { type: "string", minLength: 1 },
    groups: { type: "string", minLength: 1 },
    claims: texts,
    scopes: texts,
    prefix: { type: "string" },
    network: { type: "string", enum: ["public", "cluster"] },
  },
  ["url", "audiences"],
);

/** How callers are identified. */
export const aggregatorAuth: Group = {
  meaning: "How callers of the aggregator are identified.",
  members: {
    methods: shaped(
      {
        meaning:
          "One or several of oidc, service-account, api-key, mtls: who shows none of these credentials is refused. Or none alone: everybody who reaches the Service may call.",
        fallback: ["none"],
        other: ["service-account"],
      },
      {
        type: "array",
        minItems: 1,
        uniqueItems: true,
        items: { type: "string", enum: ["oidc", "service-account", "api-key", "mtls", "none"] },
      },
    ),
    issuers: list(
      {
        meaning:
          "Issuers of tokens for method oidc. Of each: `url`, `audiences`, and if wanted the claims `name` [sub] and `groups` [groups], `claims` for rules, `scopes` that are needed, the `prefix` before names and groups [the URL and #], and `network` cluster for one that has no public https address.",
        fallback: [],
        other: [{ url: "https://login.test", audiences: ["outrigger"] }],
        beside: {
          "aggregator.auth.methods": ["oidc"],
          "aggregator.auth.issuers": [{ url: "https://before.test", audiences: ["outrigger"] }],
        },
      },
      issuer,
    ),
    apiKeysSecret: text(
      {
        meaning:
          "Secret whose member `keys` holds the lines that `outrigger api-key` prints, for method api-key. A change is followed.",
        fallback: "",
        other: "outrigger-api-keys",
        beside: { "aggregator.auth.methods": ["api-key"], "aggregator.auth.apiKeysSecret": "before" },
      },
      patterns.domainOrEmpty,
    ),
    clientCaSecret: text(
      {
        meaning: "Secret whose member `ca.crt` holds the authorities that sign clients' certificates, for method mtls.",
        fallback: "",
        other: "client-ca",
        beside: {
          "aggregator.auth.methods": ["mtls"],
          "aggregator.auth.clientCaSecret": "before",
          "aggregator.tlsSecret": "endpoint-tls",
        },
      },
      patterns.domainOrEmpty,
    ),
    clientCertHeader: text(
      {
        meaning:
          "Header in which proxies of `aggregator.trustedProxies` hand on the client's certificate, as RFC 9440 or nginx write it; empty: none does.",
        fallback: "",
        other: "client-cert",
        beside: {
          "aggregator.auth.methods": ["mtls"],
          "aggregator.auth.clientCaSecret": "client-ca",
          "aggregator.auth.clientCertHeader": "ssl-client-cert",
          "aggregator.trustedProxies": ["10.0.0.0/8"],
        },
      },
      "^([a-z0-9-]{1,64})?$",
    ),
  },
};

/** Its own TLS, and what stands in front. */
export const aggregatorDoor: Readonly<Record<string, Leaf>> = {
  tlsSecret: text(
    {
      meaning:
        "Secret with `tls.crt` and `tls.key` for the endpoint, which then speaks HTTPS alone; a renewed one is served without a restart. Empty: plain HTTP.",
      fallback: "",
      other: "endpoint-tls",
    },
    patterns.domainOrEmpty,
  ),
  publicUrl: text(
    {
      meaning:
        "URL under which clients know the aggregator, such as `https://tools.example/base`, where an Ingress stands in front; its path is the base path. Empty: that of each request.",
      fallback: "",
      other: "https://tools.test/base",
    },
    "^(https?://[!-~]+)?$",
  ),
  trustedProxies: list(
    {
      meaning: "Ranges of addresses of proxies whose headers about the client are believed.",
      fallback: [],
      other: ["10.0.0.0/8"],
    },
    { type: "string", pattern: "^[0-9a-fA-F:.]+(/[0-9]{1,3})?$" },
  ),
  proxyHeaders: word(
    {
      meaning: "Headers that those proxies write: X-Forwarded-For, -Proto and -Host, or Forwarded of RFC 7239.",
      fallback: "x-forwarded",
      other: "forwarded",
    },
    ["x-forwarded", "forwarded"],
  ),
};
