/** Prometheus metrics through prom-client behind three functions, with label sets that start at zero. Not for the sidecar. */
import { Counter, Gauge, Histogram, Registry } from "prom-client";

type Labels = Readonly<Record<string, string>>;

/** How a histogram is named: with the prefix, or as it is, by the semantic conventions of OpenTelemetry. */
type Naming = "own" | "conventional";

/** A registry of one program. Names carry the prefix `outrigger_<component>_`. */
export interface Metrics {
  /** A counter; every label set in `initial` exists from the start with value 0. */
  readonly counter: (
    name: string,
    help: string,
    initial?: readonly Labels[],
  ) => { readonly add: (labels?: Labels, by?: number) => void };
  readonly gauge: (
    name: string,
    help: string,
  ) => { readonly set: (value: number, labels?: Labels) => void; readonly reset: () => void };
  /** A histogram in base units; `buckets` are upper bounds in that unit. */
  readonly histogram: (
    name: string,
    help: string,
    shape: {
      readonly buckets: readonly number[];
      readonly labelNames?: readonly string[];
      readonly naming?: Naming;
    },
  ) => { readonly observe: (value: number, labels?: Labels) => void };
  /** The text exposition format. */
  readonly expose: () => Promise<string>;
  readonly contentType: string;
}

const labelNamesOf = (initial: readonly Labels[] | undefined): string[] => Object.keys(initial?.[0] ?? {});

/** Creates the registry of a program, with `outrigger_build_info` set. */
export function createMetrics(options: {
  readonly component: string;
  readonly version: string;
  readonly labels?: readonly string[];
}): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const full = (name: string): string => `outrigger_${options.component}_${name}`;
  const info = new Gauge({
    name: "outrigger_build_info",
    help: "Always 1; the labels say what runs.",
    labelNames: ["component", "version"],
    registers,
  });
  info.set({ component: options.component, version: options.version }, 1);
  return {
    counter: (name, help, initial) => {
      const counter = new Counter({ name: full(name), help, labelNames: labelNamesOf(initial), registers });
      for (const labels of initial ?? []) counter.inc(labels, 0);
      return { add: (labels = {}, by = 1) => counter.inc(labels, by) };
    },
    gauge: (name, help, labelNames = []) => {
      const gauge = new Gauge({ name: full(name), help, labelNames: [...labelNames], registers });
      return { set: (value, labels = {}) => gauge.set(labels, value), reset: () => gauge.reset() };
    },
    histogram: (name, help, { buckets, labelNames = [], naming = "own" }) => {
      const histogram = new Histogram({
        name: naming === "own" ? full(name) : name,
        help,
        buckets: [...buckets],
        labelNames: [...labelNames],
        registers,
      });
      return { observe: (value, labels = {}) => histogram.observe(labels, value) };
    },
    expose: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
