import { describe, expect, it } from "vitest";
import { joinSlices, readSlice } from "./slices.ts";

const self = "http://10.0.0.1:7779";
const endpoint = (address: string, serving?: boolean, terminating?: boolean) => ({
  addresses: [address],
  conditions: {
    ready: true,
    ...(serving === undefined ? {} : { serving }),
    ...(terminating === undefined ? {} : { terminating }),
  },
});

describe("the replicas of a Service", () => {
  it("take sessions over when they are ready and stay, and are asked for theirs as long as they are listed", () => {
    const slice = readSlice(
      {
        addressType: "IPv4",
        endpoints: [
          endpoint("10.0.0.1"),
          endpoint("10.0.0.2", true, false),
          endpoint("10.0.0.3", false, false),
          endpoint("10.0.0.4", true, true),
        ],
      },
      "7779",
    );
    expect(joinSlices([slice], self)).toEqual({
      ready: [self, "http://10.0.0.2:7779"],
      listed: [1, 2, 3, 4].map((n) => `http://10.0.0.${n}:7779`),
    });
  });

  it("are found over several slices and address families, each once", () => {
    const six = readSlice({ addressType: "IPv6", endpoints: [endpoint("fd00::2")] }, "7779");
    const four = readSlice({ endpoints: [endpoint("10.0.0.2"), endpoint("10.0.0.2")] }, "7779");
    expect(joinSlices([four, six], self).listed).toEqual([self, "http://10.0.0.2:7779", "http://[fd00::2]:7779"]);
  });

  it("include the one that asks, whatever it has heard", () => {
    expect(joinSlices([], self)).toEqual({ ready: [self], listed: [self] });
    expect(joinSlices([readSlice({ endpoints: [{}, { addresses: [] }] }, "1")], self).ready).toEqual([self]);
    expect(readSlice({}, "1")).toEqual([]);
  });
});
