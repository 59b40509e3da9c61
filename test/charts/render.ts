/** Renders the chart as helm does, from values given as data. A refusal is a result, with helm's words. */
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";
import type { Values } from "../../charts/values/node.ts";
import { findHelm } from "./helm.ts";

/** The chart's folder. */
export const chartFolder = fileURLToPath(new URL("../../charts/outrigger", import.meta.url));

/** What is rendered. The version of Kubernetes is fixed, so that a newer helm renders the same. */
export interface RenderOptions {
  readonly values?: Values;
  readonly namespace?: string;
  readonly args?: readonly string[];
}

/** The manifests, or why there are none. */
export type Rendered =
  { readonly ok: true; readonly manifest: string } | { readonly ok: false; readonly message: string };

const helm = await findHelm();

/** Runs helm with values on its standard input. */
export async function runHelm(args: readonly string[], values: Values = {}): Promise<Rendered> {
  const child = spawn(helm, [...args, "--values", "-"], { stdio: ["pipe", "pipe", "pipe"] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  child.stdin.end(JSON.stringify(values));
  const [manifest, message, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return code === 0 ? { ok: true, manifest } : { ok: false, message };
}

/** Renders the chart. */
export async function render({
  values = {},
  namespace = "outrigger-system",
  args = [],
}: RenderOptions = {}): Promise<Rendered> {
  const place = ["--namespace", namespace, "--kube-version", "1.34.0"];
  return runHelm(["template", "outrigger", chartFolder, ...place, ...args], values);
}

/** What helm says after an installation with these values. No cluster is asked. */
export async function renderNotes(values: Values, namespace = "outrigger-system"): Promise<string> {
  const args = ["install", "outrigger", chartFolder, "--namespace", namespace, "--dry-run=client"];
  const installed = await runHelm(args, values);
  if (!installed.ok) throw new Error(installed.message);
  return installed.manifest.split("\nNOTES:\n")[1] ?? "";
}

/** Renders values that must be right. Rejects with helm's words where they are not. */
export async function renderManifest(options?: RenderOptions): Promise<string> {
  const rendered = await render(options);
  if (!rendered.ok) throw new Error(rendered.message);
  return rendered.manifest;
}

/** A rendered object, as far as every object has one form. */
export interface RenderedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** The objects of a manifest. Throws where two keys of one map are equal. */
export function parseObjects(manifest: string): RenderedObject[] {
  return parseAllDocuments(manifest)
    .map((document): unknown => {
      const [error] = document.errors;
      if (error !== undefined) throw error;
      return document.toJS() as unknown;
    })
    .filter((value) => value !== null) as RenderedObject[];
}

/** Renders and parses. */
export async function renderObjects(values?: Values): Promise<RenderedObject[]> {
  return parseObjects(await renderManifest(values === undefined ? {} : { values }));
}

/** The one object of a kind and name. Throws where there is none. */
export function findObject(objects: readonly RenderedObject[], kind: string, name: string): RenderedObject {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return found;
}
