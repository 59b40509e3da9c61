/** The names of an endpoint's own tools. Names of servers' tools hold `__` or stand at endpoints without these, so none takes their place. */
export const ownToolNames = ["find_tool", "call_tool", "describe_tool", "list_servers"] as const;
