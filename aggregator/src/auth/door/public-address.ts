/**
 * Under which addresses clients know the aggregator: those in its metadata and challenges, and the paths behind a base path. Pure.
 */
import type { ParsedSetting } from "@outrigger/runtime/config";

/** Origin and base path; the path is empty or begins with a slash and ends with none. */
export interface PublicAddress {
  readonly origin: string;
  readonly basePath: string;
}

const pathForm = /^(?:\/[A-Za-z0-9._~-]+)*$/;

/** Reads `--public-url`: scheme, host and the base path, if any. */
export function parsePublicUrl(text: string): ParsedSetting<PublicAddress> {
  const url = URL.parse(text);
  const path = url?.pathname.replace(/\/$/, "") ?? "";
  const isRight =
    url !== null && /^https?:$/.test(url.protocol) && url.search === "" && url.hash === "" && url.username === "";
  return isRight && pathForm.test(path)
    ? { ok: true, value: { origin: url.origin, basePath: path } }
    : {
        ok: false,
        expected: 'the URL that clients use, without what follows the base path, such as "https://tools.example"',
      };
}

/** Reads `--base-path`. */
export function parseBasePath(text: string): ParsedSetting<string> {
  const path = text.replace(/\/$/, "");
  return path !== "" && pathForm.test(path)
    ? { ok: true, value: path }
    : { ok: false, expected: 'a path such as "/outrigger"' };
}

/** The target of a request without the base path. Without it it stays as it is: some proxies take the path off themselves. */
export function stripBasePath(url: string, basePath: string): string {
  if (basePath === "" || !url.startsWith(basePath)) return url;
  const rest = url.slice(basePath.length);
  if (rest === "") return "/";
  return /^[/?]/.test(rest) ? rest.replace(/^\?/, "/?") : url;
}
