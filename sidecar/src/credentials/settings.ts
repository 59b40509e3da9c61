/** Settings of the way out: with which credentials and certificates a server elsewhere is spoken to. */
import { parseText, type SettingTable } from "@outrigger/runtime/config";
import { parsePassThrough } from "../upstream/withheld.ts";

/** The rows of the settings' table. */
export const outgoingSettings = {
  upstreamAuth: {
    flag: "upstream-auth",
    env: "OUTRIGGER_UPSTREAM_AUTH",
    help: "file that says with which credentials the server at --upstream is spoken to, read again when it changes: docs/explanation/outgoing-credentials.md",
    parse: parseText,
  },
  upstreamCa: {
    flag: "upstream-ca",
    env: "OUTRIGGER_UPSTREAM_CA",
    help: "file with the authorities, as PEM, that the server's certificate has to come from, in place of the usual ones",
    parse: parseText,
  },
  upstreamCert: {
    flag: "upstream-cert",
    env: "OUTRIGGER_UPSTREAM_CERT",
    help: "file with the certificate, as PEM, that is shown to the server",
    parse: parseText,
  },
  upstreamKey: {
    flag: "upstream-key",
    env: "OUTRIGGER_UPSTREAM_KEY",
    help: "file with the private key of that certificate, as PEM",
    parse: parseText,
  },
  passThrough: {
    flag: "pass-through",
    env: "OUTRIGGER_PASS_THROUGH",
    help: "headers of clients that a server elsewhere is to see, such as authorization,cookie,x-api-key: by itself none of these passes",
    parse: parsePassThrough,
    fallback: [] as readonly string[],
  },
} satisfies SettingTable;
