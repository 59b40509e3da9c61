import { describe, expect, it } from "vitest";
import { scanMessage } from "../scan/scan-message.ts";
import { readLooseNotice } from "./loose-notice.ts";

const read = (text: string): readonly string[] | undefined => readLooseNotice(Buffer.from(text));

describe("a message that the strict scanner refuses", () => {
  it.each([
    ['{"jsonrpc":"2.0","id":1.5,"method":"sampling/createMessage"}', ["sampling/createMessage"]],
    ['{"jsonrpc":"2.0","method":"notifications/message","params":{"Name":1,"name":2}}', ["notifications/message"]],
    [
      '{"jsonrpc":"2.0","method":"a","Method":"notifications\\/resources\\/updated"} ',
      ["a", "notifications/resources/updated"],
    ],
  ])("is a notice where nobody could read a response: %s", (text, methods) => {
    expect(scanMessage(Buffer.from(text)).kind).toBe("refused");
    expect(read(text)).toEqual(methods);
  });

  it.each([
    '{"jsonrpc":"2.0","id":1.5,"result":{"tools":[]}}',
    '{"jsonrpc":"2.0","method":"a","re\\u0073ult":{"tools":[]}}',
    '{"jsonrpc":"2.0","method":"a","RESULT":{"tools":[]}}',
    '{"jsonrpc":"2.0","method":"a","re\u017fult":{"tools":[]}}',
    '{"jsonrpc":"2.0","method":"a"}{"result":{"tools":[]}}',
    '[{"jsonrpc":"2.0","method":"a"}]',
    '{"jsonrpc":"2.0","method":7}',
    '{"jsonrpc":"2.0","id":1.5}',
    '{"jsonrpc":"2.0","method":"a"',
    "{}",
    "",
  ])("is none where somebody could: %s", (text) => {
    expect(read(text)).toBeUndefined();
  });
});
