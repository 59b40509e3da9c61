/** What is said about namespaces when they are labelled or annotated. */
import { describe, expect, it } from "vitest";
import { defaultConfig } from "../inject/config.ts";
import { toWarnings } from "./remarks.ts";
import { remarkOnSettings } from "./settings.ts";

const namespaceOf = (annotations: object, labels: object = {}, name = "tools"): object => ({
  metadata: { name, labels: { "kubernetes.io/metadata.name": name, ...labels }, annotations },
});
const textsOf = (object: object, oldObject?: object): readonly string[] =>
  toWarnings(remarkOnSettings({ object, oldObject }, defaultConfig));

describe("remarks on namespaces", () => {
  it("F-021 name each annotation that would have pods refused, with its value and the form that is expected", () => {
    const object = namespaceOf({ "outrigger.dev/rate-limit": "60/sec", "outrigger.dev/port-mode": "loop" });
    expect(remarkOnSettings({ object, oldObject: undefined }, defaultConfig)).toMatchObject({
      action: "deny",
      reason: "InvalidAnnotation",
    });
    const [head, ...lines] = textsOf(object);
    expect(head).toBe('Outrigger will refuse pods in namespace "tools" for 2 problems of its annotations:');
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).toMatch(/="(60\/sec|loop)": expected .*\[InvalidAnnotation\]$/);
  });

  it("name keys that nobody reads there, and where they are read", () => {
    const object = namespaceOf(
      { "outrigger.dev/port": "8080", "outrigger.dev/inject": "enabled", "outrigger.dev/rate-limits": "1/s" },
      { "outrigger.dev/enforced": "required" },
    );
    expect(textsOf(object)).toEqual([
      "outrigger.dev/enforced is set by Outrigger, on pods [UnknownAnnotation]",
      "outrigger.dev/port is read on pod alone [UnknownAnnotation]",
      "namespace outrigger.dev/inject is read as label, not as annotation [UnknownAnnotation]",
      "namespace annotation outrigger.dev/rate-limits is not read; did you mean rate-limit? [UnknownAnnotation]",
    ]);
  });

  it("name values of labels that no entry of the webhook selects", () => {
    const object = namespaceOf({}, { "outrigger.dev/inject": "true", "outrigger.dev/enforce": "yes" });
    expect(textsOf(object)).toEqual([
      expect.stringMatching(/^outrigger\.dev\/inject="true": expected .*\[InvalidInjectValue\]$/),
      expect.stringMatching(/^outrigger\.dev\/enforce="yes": expected .*\[InvalidInjectValue\]$/),
    ]);
  });

  it("are none for what is right, for other people's keys, for changes of something else and for system namespaces", () => {
    const right = namespaceOf(
      { "outrigger.dev/rate-limit": "60/m", other: "x" },
      { "outrigger.dev/inject": "enabled" },
    );
    expect(textsOf(right)).toEqual([]);
    const wrong = namespaceOf({ "outrigger.dev/rate-limit": "x" });
    expect(textsOf({ ...wrong, status: { phase: "Active" } }, wrong)).toEqual([]);
    expect(textsOf(namespaceOf({ "outrigger.dev/rate-limit": "x" }, {}, "kube-system"))).toEqual([]);
    for (const object of [undefined, null, 7, []])
      expect(remarkOnSettings({ object, oldObject: undefined }, defaultConfig).lines).toEqual([]);
  });
});
