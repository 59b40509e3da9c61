/** Loads the libraries that only some policies call for: expressions and schemas. A policy without them costs neither memory nor time. */
import type { Engines, PolicyDocument } from "@outrigger/policy";
import { describeProblems } from "./read-document.ts";

/** Loads what these layers need. */
export async function loadEngines(layers: readonly PolicyDocument[]): Promise<Engines> {
  const checksSchemas = layers.some(
    (layer) => layer.arguments.schema !== undefined && layer.arguments.schema !== "Off",
  );
  const [conditions, schemas] = await Promise.all([
    layers.some(hasConditions) ? import("@outrigger/policy/conditions") : undefined,
    checksSchemas ? import("../call/inspect/check-schema.ts") : undefined,
  ]);
  return {
    ...(conditions === undefined
      ? {}
      : {
          compileCondition: (expression) => {
            const compiled = conditions.compileCondition(expression);
            return compiled.ok ? compiled.condition : undefined;
          },
        }),
    ...(schemas === undefined ? {} : { checkSchema: schemas.createSchemaCheck() }),
  };
}

/** What is wrong with the expressions of layers, one sentence each. */
export async function findConditionProblems(layers: readonly PolicyDocument[]): Promise<readonly string[]> {
  if (!layers.some(hasConditions)) return [];
  const { checkConditions } = await import("@outrigger/policy/conditions");
  return layers.flatMap((layer) => describeProblems(checkConditions(layer)));
}

const hasConditions = ({ rules }: PolicyDocument): boolean => rules.some(({ when }) => when !== undefined);
