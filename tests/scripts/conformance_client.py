"""What the conformance suite starts as the client that it judges: hands the address of the suite's server on to the test, which
lets our server be its client, and prints what came of it.

Argument: the address. The environment has the scenario, what it says beside, and where the test listens.
"""

import json
import os
import sys
import urllib.request

asked = {
    "url": sys.argv[-1],
    "scenario": os.environ["MCP_CONFORMANCE_SCENARIO"],
    "context": json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT") or "{}"),
}
request = urllib.request.Request(os.environ["TEST_LISTENS"], data=json.dumps(asked).encode())
with urllib.request.urlopen(request, timeout=100) as answer:
    said = json.load(answer)
print(json.dumps(said))
sys.exit(0 if said["connected"] else 1)
