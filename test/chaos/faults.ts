/** What a chaos run does to the programs: each fault, by its name, as the steps that make it and undo it. The load goes on all the while. */
import { setTimeout as pause } from "node:timers/promises";
import type { Replica } from "../fixtures/replicas.ts";
import type { Bed } from "./bed.ts";
import type { ChaosPod, ServerName } from "./pods.ts";

/** What a fault has at hand. */
export interface Stage {
  readonly bed: Bed;
  /** Tells what is done now. */
  readonly say: (what: string) => void;
  /** Load goes on for this part of the fault's time. */
  readonly hold: (part: number) => Promise<void>;
  /** Notes what a replica has counted, before that ends with it. */
  readonly collect: (replica: Replica) => Promise<void>;
}

/** One fault. */
export interface Fault {
  readonly name: string;
  readonly what: string;
  /** Connections of clients may break by it, since the program at their other end is killed. */
  readonly mayBreak: boolean;
  readonly act: (stage: Stage) => Promise<void>;
}

/** In a cluster a pod serves on while Services forget it: a connection may be on its way there, ms. */
const forgottenAfterMs = 2_000;

/** All faults, in the order of a run. */
export const faults: readonly Fault[] = [
  {
    name: "replica-killed",
    what: "a replica of the aggregator is killed, and starts again",
    mayBreak: true,
    act: async (stage) => {
      const replica = replicaOf(stage, 0);
      stage.say("a replica is killed");
      await killReplica(stage, replica);
      await stage.hold(0.5);
      stage.say("it is started again");
      await replica.start();
      await stage.hold(0.5);
    },
  },
  {
    name: "replica-frozen",
    what: "a replica of the aggregator stands still, and goes on",
    mayBreak: false,
    act: async ({ say, hold, bed }) => {
      const replica = replicaOf({ bed }, 1);
      say("a replica stands still");
      replica.freeze();
      await hold(0.7);
      say("it goes on");
      replica.thaw();
      await hold(0.3);
    },
  },
  {
    name: "replicas-rolled",
    what: "all replicas of the aggregator are replaced, one by one, in order",
    mayBreak: false,
    act: async (stage) => {
      for (const [index, replica] of stage.bed.replicas.entries()) {
        stage.say(`replica ${index + 1} is ended in order, and started again`);
        await stage.collect(replica);
        const comeBack = stage.bed.readiness.leaveOut(replica.port);
        await pause(forgottenAfterMs);
        await replica.stop();
        await replica.start();
        comeBack();
        await stage.hold(1 / stage.bed.replicas.length);
      }
    },
  },
  {
    name: "sidecar-killed",
    what: "sidecars are killed under their calls, and start again in their pods",
    mayBreak: false,
    act: async (stage) => {
      for (const server of ["everything", "everything-http", "modern"] as const) {
        const pod = podOf(stage, server);
        stage.say(`the sidecar of ${pod.name} is killed, and started again`);
        await pod.killSidecar();
        await pod.tell(false);
        await pod.start();
        await pod.tell(true);
        await stage.hold(1 / 3);
      }
    },
  },
  {
    name: "pod-replaced",
    what: "pods are killed and deleted, and others come in their places",
    mayBreak: false,
    act: async (stage) => {
      for (const server of ["everything", "everything-http"] as const) {
        const pod = podOf(stage, server);
        stage.say(`${pod.name} is killed, and another comes`);
        await pod.kill();
        await stage.bed.pods.remove(pod);
        await stage.bed.pods.add(server);
        await stage.hold(0.5);
      }
    },
  },
  {
    name: "pods-rolled",
    what: "all pods of a server are replaced, one by one, in order",
    mayBreak: false,
    act: async (stage) => {
      const old = stage.bed.pods.list().filter(({ server }) => server === "everything-http");
      for (const pod of old) {
        stage.say(`${pod.name} is replaced`);
        await stage.bed.pods.add(pod.server);
        await stage.bed.pods.remove(pod);
        await pod.end();
        await stage.hold(1 / old.length);
      }
    },
  },
  {
    name: "api-killed",
    what: "the API server is killed; meanwhile a replica starts and a sidecar is lost; its versions are too old when it is back (410)",
    mayBreak: true,
    act: async (stage) => {
      const { api } = stage.bed;
      stage.say("the API server is killed");
      await api.kill();
      await stage.hold(0.3);
      const replica = replicaOf(stage, 2);
      stage.say("a replica is killed and started again, which can't read any pods");
      await killReplica(stage, replica);
      replica.launch();
      const pod = podOf(stage, "everything");
      stage.say(`the sidecar of ${pod.name} is killed, and started again`);
      await pod.killSidecar();
      await pod.start();
      await stage.hold(0.5);
      stage.say("the API server is started again");
      await api.start("same");
      await replica.whenReady();
      await stage.hold(0.2);
    },
  },
  {
    name: "api-frozen",
    what: "the API server stands still; meanwhile sidecars are lost",
    mayBreak: false,
    act: async (stage) => {
      stage.say("the API server stands still");
      stage.bed.api.freeze();
      await stage.hold(0.5);
      const pod = podOf(stage, "modern");
      stage.say(`the sidecar of ${pod.name} is killed, and started again`);
      await pod.killSidecar();
      await pod.start();
      await stage.hold(0.4);
      stage.say("the API server goes on");
      stage.bed.api.thaw();
      await stage.hold(0.1);
    },
  },
  {
    name: "api-emptied",
    what: "the API server loses its store: its lists are empty, its versions begin anew, and the pods come back under other ids",
    mayBreak: false,
    act: async (stage) => {
      const { api, pods } = stage.bed;
      stage.say("the API server is killed, and its store is lost");
      await api.kill();
      await api.start("new");
      stage.say("it is back, and lists nothing");
      await stage.hold(0.7);
      stage.say("the pods are written again");
      for (const pod of pods.list()) await pod.tell(true);
      await stage.hold(0.3);
    },
  },
];

function replicaOf({ bed }: Pick<Stage, "bed">, index: number): Replica {
  const replica = bed.replicas[index % bed.replicas.length];
  if (replica === undefined) throw new Error("a bed without replicas");
  return replica;
}

/** The pod of a server that is there longest. */
function podOf({ bed }: Pick<Stage, "bed">, server: ServerName): ChaosPod {
  const pod = bed.pods.list().find((each) => each.server === server);
  if (pod === undefined) throw new Error(`no pod of ${server}`);
  return pod;
}

async function killReplica({ collect }: Stage, replica: Replica): Promise<void> {
  await collect(replica);
  await replica.kill();
}
