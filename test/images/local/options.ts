/** The command line of `npm run images`: what is made, how, and where it is brought to. Pure. */
import { parseArgs } from "node:util";

/** Who makes the images: Docker by the Dockerfiles, this machine without it, or Docker where an engine answers. */
export type Maker = "docker" | "without" | "whatever answers";

/** Where images are loaded. `name` is that of the kind cluster or of the minikube profile; absent: the program's own default. */
export interface LoadTarget {
  readonly kind: "kind" | "minikube" | "docker" | "containerd";
  readonly name?: string;
}

/** What a person asked for. */
export interface ImagesOptions {
  readonly maker: Maker;
  /** Gets one archive for each image. */
  readonly folder: string;
  readonly load?: LoadTarget;
  /** Given to `docker build` as they are. */
  readonly buildFlags: readonly string[];
}

/** What the command line says, or what is wrong with it. */
export type ReadOptions =
  | { readonly action: "make"; readonly options: ImagesOptions }
  | { readonly action: "help" }
  | { readonly action: "refuse"; readonly message: string };

/** How the command is used. */
export const usage = `npm run images [-- OPTIONS]: makes all images of the product on this machine

  --docker               by the Dockerfiles, on a Docker engine
  --no-docker            without one: Linux, make, a C compiler and GNU tar are enough
                         default: Docker where an engine answers
  --out DIR              one archive for each image; default: dist/images
  --load TARGET          then brings them to kind[:CLUSTER], minikube[:PROFILE], docker or containerd
  --build-arg NAME=VALUE given to docker build, such as NODE_IMAGE=registry.example.com/node:24-bookworm-slim
  --network NAME         given to docker build`;

const targets = /^(?:(?<kind>kind|minikube)(?::(?<name>[\w.-]+))?|(?<plain>docker|containerd))$/;

/** Reads the arguments. Shape: `defaultFolder` stands in where no folder is named. */
export function readOptions(argv: readonly string[], defaultFolder: string): ReadOptions {
  const parsed = parse(argv);
  if (typeof parsed === "string") return { action: "refuse", message: parsed };
  if (parsed.help) return { action: "help" };
  const { docker, out = defaultFolder, load, network, "build-arg": buildArgs = [] } = parsed;
  const target = load === undefined ? undefined : readTarget(load);
  const buildFlags = [
    ...buildArgs.flatMap((arg) => ["--build-arg", arg]),
    ...(network === undefined ? [] : ["--network", network]),
  ];
  const problem = findProblem({ load, target, docker, buildFlags });
  if (problem !== undefined) return { action: "refuse", message: problem };
  const options = {
    maker: toMaker(docker),
    folder: out,
    buildFlags,
    ...(target === undefined ? {} : { load: target }),
  };
  return { action: "make", options };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowNegative: true,
      options: {
        docker: { type: "boolean" },
        out: { type: "string" },
        load: { type: "string" },
        "build-arg": { type: "string", multiple: true },
        network: { type: "string" },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function readTarget(text: string): LoadTarget | undefined {
  const { kind, name, plain } = targets.exec(text)?.groups ?? {};
  const found = (kind ?? plain) as LoadTarget["kind"] | undefined;
  return found === undefined ? undefined : { kind: found, ...(name === undefined ? {} : { name }) };
}

interface Said {
  readonly load: string | undefined;
  readonly target: LoadTarget | undefined;
  readonly docker: boolean | undefined;
  readonly buildFlags: readonly string[];
}

function findProblem({ load, target, docker, buildFlags }: Said): string | undefined {
  if (load !== undefined && target === undefined) {
    return `--load "${load}": expected kind[:CLUSTER], minikube[:PROFILE], docker or containerd`;
  }
  if (docker === false && buildFlags.length > 0)
    return "--build-arg and --network are for Docker: leave out --no-docker";
  return undefined;
}

function toMaker(docker: boolean | undefined): Maker {
  if (docker === undefined) return "whatever answers";
  return docker ? "docker" : "without";
}
