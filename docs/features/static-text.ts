/** Reads the text of an expression as far as the source alone tells it. Follows no variables: a title has to stand where it is used. */
import ts from "typescript";

import { runTimePart } from "./title.ts";
import { unwrapExpression } from "./unwrap.ts";

/**
 * Returns the text of a string, template or concatenation, with an ellipsis for every part that is known only at run time.
 * Returns `undefined` where no part of the expression is text.
 */
export function readStaticText(expression: ts.Expression): string | undefined {
  const bare = unwrapExpression(expression);
  if (ts.isStringLiteralLike(bare)) return bare.text;
  if (ts.isTemplateExpression(bare)) {
    return bare.head.text + bare.templateSpans.map((span) => readSpan(span)).join("");
  }
  if (ts.isBinaryExpression(bare) && bare.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    return joinTexts(readStaticText(bare.left), readStaticText(bare.right));
  }
  return undefined;
}

function readSpan(span: ts.TemplateSpan): string {
  return (readStaticText(span.expression) ?? runTimePart) + span.literal.text;
}

function joinTexts(left: string | undefined, right: string | undefined): string | undefined {
  if (left === undefined && right === undefined) return undefined;
  return (left ?? runTimePart) + (right ?? runTimePart);
}
