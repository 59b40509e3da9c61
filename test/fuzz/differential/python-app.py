"""Runs any tool and says its name: one JSON object per line on standard output. Ends with its standard input."""

import json
import socket
import sys
import threading

import mcp_types as types
import uvicorn
from mcp.server.lowlevel import Server

names = json.loads(sys.argv[1])


def say(**said):
    print(json.dumps(said), flush=True)


async def list_tools(context, params):
    tools = [types.Tool(name=name, input_schema={"type": "object"}) for name in names]
    return types.ListToolsResult(tools=tools, ttl_ms=0, cache_scope="private")


async def call_tool(context, params):
    say(ran=params.name)
    return types.CallToolResult(content=[types.TextContent(type="text", text="done")])


server = Server("recording-app", on_list_tools=list_tools, on_call_tool=call_tool)
app = server.streamable_http_app(json_response=True, stateless_http=True)
listener = socket.create_server(("127.0.0.1", 0))
uvicorn_server = uvicorn.Server(uvicorn.Config(app, log_level="error"))


def end_with_input():
    sys.stdin.read()
    uvicorn_server.should_exit = True


threading.Thread(target=end_with_input, daemon=True).start()
say(port=listener.getsockname()[1])
uvicorn_server.run(sockets=[listener])
