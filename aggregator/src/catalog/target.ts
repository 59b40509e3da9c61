/** What a call goes to: one thing that one server offers. Type only. */
import type { RawObject } from "@outrigger/api/feed";

/**
 * A tool, a prompt or a resource. `publicName`: as callers name it; `name`: as its server does (of a resource the URI); `kind`: absent
 * of a tool.
 */
export interface CallTarget {
  readonly kind?: "prompt" | "resource";
  readonly namespace: string;
  readonly server: string;
  readonly group: string;
  readonly publicName: string;
  readonly name: string;
  readonly definition?: RawObject;
}
