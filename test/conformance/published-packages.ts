/** Works round one collision: the condition `source`, by which this repository finds its own TypeScript, is also the name that some packages use for theirs. */
import { registerHooks } from "node:module";

/**
 * Makes every import made by a package under node_modules resolve without the condition `source`, in this thread and from now on.
 * The SDK clients need it: their dependency eventsource offers TypeScript under that condition, which Node does not run from there.
 */
export function resolvePackagesAsPublished(): void {
  registerHooks({
    resolve(specifier, context, next) {
      if (context.parentURL?.includes("/node_modules/") !== true) return next(specifier, context);
      return next(specifier, { ...context, conditions: context.conditions.filter((name) => name !== "source") });
    },
  });
}
