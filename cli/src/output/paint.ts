/** Colours by meaning. The words say what a text is; which colour that gets is decided here and nowhere else. */
import pc from "picocolors";

type Brush = (text: string) => string;

/** A brush per meaning; without colour each returns its text unchanged. */
export interface Paint {
  readonly isColored: boolean;
  readonly title: Brush;
  readonly name: Brush;
  readonly good: Brush;
  readonly warn: Brush;
  readonly bad: Brush;
  readonly faint: Brush;
  readonly match: Brush;
  readonly link: Brush;
}

/** Creates the brushes. */
export function createPaint(isColored: boolean): Paint {
  const colors = pc.createColors(isColored);
  return {
    isColored,
    title: colors.bold,
    name: colors.cyan,
    good: colors.green,
    warn: colors.yellow,
    bad: colors.red,
    faint: colors.dim,
    match: (text) => colors.bold(colors.yellow(text)),
    link: (text) => colors.underline(colors.cyan(text)),
  };
}
