"""Call the portal as an assistant does, with the client of the official SDK. Write what it got as JSON.

It is a program of its own, because the SDK warns of its own parts, and warnings are errors in tests:
`python -m tests.portal.api.mcp_client URL MODE CALLS`, where CALLS is a JSON list of pairs of tool and arguments.
"""

import asyncio
import json
import sys

import mcp


async def talk(url, mode, calls):
    """Return the tools that the server lists, and the answer of each call: whether it is an error, and its JSON."""
    async with mcp.Client(url, mode=mode) as client:
        listed = await client.list_tools()
        answers = []
        for name, arguments in calls:
            result = await client.call_tool(name, arguments)
            [part] = result.content
            answers.append([name, result.is_error, part.text if result.is_error else json.loads(part.text)])
        return {
            "version": client.protocol_version,
            "server": client.server_info.name,
            "instructions": client.instructions,
            "tools": [tool.name for tool in listed.tools],
            "answers": answers,
        }


if __name__ == "__main__":
    address, form, calls_to_make = sys.argv[1:]
    sys.stdout.write(json.dumps(asyncio.run(talk(address, form, json.loads(calls_to_make)))))
