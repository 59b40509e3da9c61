/** How archives of images get to where pods are run: one command for each archive. Pure. */
import type { LoadTarget } from "./options.ts";

/** A program that loads images: its name, what it is told about an archive, and how one gets it. */
interface Loader {
  readonly program: string;
  readonly words: (file: string, name: string | undefined) => readonly string[];
  readonly advice: string;
}

const named = (flag: string, name: string | undefined): readonly string[] => (name === undefined ? [] : [flag, name]);

/** Sources: the help of each program's command. ctr's namespace is the one that kubelets use. */
const loaders: Readonly<Record<LoadTarget["kind"], Loader>> = {
  kind: {
    program: "kind",
    words: (file, name) => ["load", "image-archive", file, ...named("--name", name)],
    advice: "https://kind.sigs.k8s.io tells how to install it",
  },
  minikube: {
    program: "minikube",
    words: (file, name) => ["image", "load", file, ...named("--profile", name)],
    advice: "https://minikube.sigs.k8s.io tells how to install it",
  },
  docker: {
    program: "docker",
    words: (file) => ["load", "--input", file],
    advice: "https://docs.docker.com/engine/install tells how to install it",
  },
  containerd: {
    program: "ctr",
    words: (file) => ["--namespace", "k8s.io", "images", "import", file],
    advice: "it comes with containerd, and is run on the node as root; CONTAINERD_ADDRESS names its socket",
  },
};

/** The program behind a target, and where to get it. */
export function loaderOf({ kind }: LoadTarget): { readonly program: string; readonly advice: string } {
  return loaders[kind];
}

/** The command that loads one archive. */
export function loadCommand({ kind, name }: LoadTarget, file: string): readonly string[] {
  const { program, words } = loaders[kind];
  return [program, ...words(file, name)];
}
