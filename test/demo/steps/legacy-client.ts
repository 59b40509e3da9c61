/** Step: a client of the older SDK, with a session, works on the same endpoint; what it wrote is read by the other client. */
import { claim } from "../claim.ts";
import type { Step } from "../step.ts";

export const legacyClient: Step = {
  title: "Old and new: a client of the older SDK uses the same endpoint",
  run: async ({ legacy, modern }, { paint }) => {
    const entity = { name: "Outrigger", entityType: "float", observations: ["keeps the canoe upright"] };
    const written = await legacy.call("memory__create_entities", { entities: [entity] });
    claim(!written.isError, "the older client writes into the memory server", written.text);
    const read = await modern.call("memory__search_nodes", { query: "upright" });
    claim(read.text.includes("keeps the canoe upright"), "the newer client reads what the older one wrote", read.text);
    return {
      rows: [
        ["SDK v1", legacy.protocolVersion(), paint.name("memory__create_entities")],
        ["SDK v2", modern.protocolVersion(), paint.name("memory__search_nodes")],
      ],
      proven: "one wrote with a session, the other read without one",
    };
  },
};
