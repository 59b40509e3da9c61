import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTestSeal } from "../../replicas/testing.ts";
import { openTaskId, sealTaskId, taskLifeMs } from "./task-id.ts";

const seal = createTestSeal();
const task = { caller: "User:ada", namespace: "n", server: "s", tool: "t", replica: "uid-1", taskId: "task-42" };
const id = sealTaskId(seal, task, 0);

describe("F-075 the id of a task", () => {
  it("leads its caller back to the task, and tells nobody what it holds", () => {
    expect(openTaskId(seal, id, { caller: task.caller, nowMs: taskLifeMs - 1 })).toEqual(task);
    for (const part of ["ada", "task-42", "uid-1"]) expect(id).not.toContain(part);
  });

  it("is good for no other caller, in no other form, under no other key, and not for ever", () => {
    fc.assert(
      fc.property(
        fc.string(),
        (caller) => caller === task.caller || openTaskId(seal, id, { caller, nowMs: 0 }) === undefined,
      ),
    );
    const mine = { caller: task.caller, nowMs: 0 };
    fc.assert(fc.property(fc.nat(id.length - 1), (at) => openTaskId(seal, id.slice(0, at), mine) === undefined));
    fc.assert(fc.property(fc.anything(), (any) => openTaskId(seal, any, mine) === undefined));
    expect(openTaskId(createTestSeal(), id, mine)).toBeUndefined();
    expect(openTaskId(seal, seal.seal("state", Buffer.from(JSON.stringify(task))), mine)).toBeUndefined();
    expect(openTaskId(seal, id, { ...mine, nowMs: taskLifeMs })).toBeUndefined();
  });
});
