/** Objects as the command line names them. */
import { describe, expect, it } from "vitest";
import { readObjectName } from "./object-name.ts";

describe("an object's name", () => {
  it.each([
    ["pod/search-0", "Pod"],
    ["po/search-0", "Pod"],
    ["deployment/search", "Deployment"],
    ["Deployment/search", "Deployment"],
    ["deployments.apps/search", "Deployment"],
    ["deploy/search", "Deployment"],
    ["sts/search", "StatefulSet"],
    ["cj/search", "CronJob"],
    ["rc/search", "ReplicationController"],
  ])("%s is of kind %s", (text, kind) => {
    const read = readObjectName(text);
    expect(read.ok && read.value.resource.kind).toBe(kind);
  });

  it.each(["search", "service/search", "pod/", "/x", "pod/Search", "pod/a/b"])(
    "%j is refused with the kinds that there are",
    (text) => {
      expect(readObjectName(text)).toEqual({
        ok: false,
        expected: expect.stringMatching(/^KIND\/NAME, where KIND is pod, deployment, /) as string,
      });
    },
  );
});
