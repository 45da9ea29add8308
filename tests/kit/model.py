"""The scripted model, and the seed's script in a shell that has it."""

import json
import subprocess
from contextlib import contextmanager

from .node import placed
from .places import NODE, SCRIPTS, python


@contextmanager
def model():
    """An OpenAI-compatible server; gives its base URL."""
    process = subprocess.Popen([str(NODE), str(placed("model.mjs")), "0"], stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().strip() + "/v1"
    finally:
        process.kill()
        process.wait()


def run_seed(server, model_url, user, config, env=None):
    """Runs the seed's calls as that user; gives what the script saw."""
    env = {**(env or server.sdk_env()), "OPENAI_BASE_URL": model_url, "OPENAI_API_KEY": "none-needed"}
    done = subprocess.run(
        [str(python("seed")), str(SCRIPTS / "seed.py"), user, config],
        env=env, capture_output=True, text=True, timeout=120,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)
