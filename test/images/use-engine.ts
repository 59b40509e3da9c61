/** Tells testcontainers, in each worker and before its first use, which engine the set-up has found. */
import { inject } from "vitest";
import { useEngine } from "./engine.ts";

const engine = inject("engine");
if (engine.ok && engine.host !== undefined) useEngine(engine.host);
