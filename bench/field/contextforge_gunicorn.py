"""How ContextForge's own `gunicorn.config.py` has it: the program loaded once, then forked, each worker with a pool of its own."""

preload_app = True
reuse_port = True
timeout = 600


def post_fork(_server, _worker):
    from mcpgateway.db import engine
    from mcpgateway.utils.redis_client import _reset_client

    engine.dispose(close=False)
    _reset_client()
