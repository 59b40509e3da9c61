/** Takes off what TypeScript or the writer puts round an expression without changing its value. */
import ts from "typescript";

/** Returns the expression without parentheses, `as`, `satisfies` and `!`. */
export function unwrapExpression(expression: ts.Expression): ts.Expression {
  let bare = expression;
  while (
    ts.isParenthesizedExpression(bare) ||
    ts.isAsExpression(bare) ||
    ts.isSatisfiesExpression(bare) ||
    ts.isNonNullExpression(bare)
  ) {
    bare = bare.expression;
  }
  return bare;
}
