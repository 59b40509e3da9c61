/** Where images come from: one block for each, with what all have in common as default. */
import { patterns } from "./forms.ts";
import { text, word, type Group, type Leaf } from "./node.ts";

const policies = ["Always", "IfNotPresent", "Never"] as const;

/** The pull policy of all images. */
export const pullPolicy = word(
  { meaning: "When images are pulled.", fallback: "IfNotPresent", other: "Never" },
  policies,
);

/** The image of a program. */
export function image(program: string): Group {
  const own = word({ meaning: "When it is pulled; empty: `images.pullPolicy`.", fallback: "", other: "Always" }, [
    "",
    ...policies,
  ]);
  return { meaning: "Its image.", members: { ...listPlace(program), pullPolicy: own } };
}

/** The image of a program that is pulled when the sidecar's is. */
export function companionImage(program: string): Group {
  return { meaning: "Its image, pulled when the sidecar's is.", members: listPlace(program) };
}

function listPlace(program: string): Readonly<Record<string, Leaf>> {
  return {
    registry: text(
      { meaning: "Registry; empty: `images.registry`.", fallback: "", other: "registry.test:5000" },
      patterns.registryOrEmpty,
    ),
    repository: text(
      { meaning: "Repository.", fallback: `outrigger-${program}`, other: `mirror/${program}` },
      patterns.repository,
    ),
    tag: text({ meaning: "Tag; empty: the chart's appVersion.", fallback: "", other: "1.2.3" }, patterns.tagOrEmpty),
    digest: text(
      {
        meaning: "Digest, such as `sha256:…`; wins over the tag.",
        fallback: "",
        other: `sha256:${"0123456789abcdef".repeat(4)}`,
      },
      patterns.digestOrEmpty,
    ),
  };
}
