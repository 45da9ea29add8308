"""A remote server that hangs, called by so many users that it could have all that their environment has: the others'
calls are as fast as without it."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from kit.scripted import Scene, Scripted, plain

# Each has eight calls in flight, which together are more than an environment's 256.
USERS, CALLS = 36, 8
SAMPLES = 100
ENOUGH = {"content": [{"type": "text", "text": "ok"}]}


@pytest.fixture(scope="module")
def let_go():
    return threading.Event()


@pytest.fixture(scope="module")
def scene(let_go, tmp_path_factory):
    def never(_):
        let_go.wait(120)
        return ENOUGH

    good = Scripted([plain("t", annotations={"readOnlyHint": True})], {"t": lambda _: ENOUGH})
    hangs = Scripted([plain("t", annotations={"readOnlyHint": True})], {"t": never})
    scene = Scene(tmp_path_factory.mktemp("hangs"), good=good, hangs=hangs)
    try:
        yield scene.start()
    finally:
        let_go.set()
        scene.stop()


def p99(wire):
    """Of calls one after the other, in milliseconds, with the longest."""
    took = []
    for _ in range(SAMPLES):
        began = time.monotonic()
        answer = wire.legacy("tools/call", {"name": "good_t", "arguments": {}}).result
        took.append((time.monotonic() - began) * 1000)
        assert not answer["isError"], answer
    took.sort()
    return took[int(len(took) * 0.99) - 1], took[-1]


def test_attack_74_many_calls_of_a_server_that_hangs_cost_the_others_nothing(scene, let_go):
    wire = scene.wire("ann", "good")
    wire.tools()
    stuck = [scene.wire(f"user-{n}", "hangs") for n in range(USERS)]
    for one in stuck:
        one.tools()
    alone, _ = p99(wire)
    before = scene.servers["hangs"].seen.count("tools/call")
    with ThreadPoolExecutor(USERS * CALLS) as many:
        calls = [many.submit(one.legacy, "tools/call", {"name": "hangs_t", "arguments": {}}) for one in stuck for _ in range(CALLS)]
        try:
            end = time.monotonic() + 30
            while scene.servers["hangs"].seen.count("tools/call") - before < 32:
                assert time.monotonic() < end, "as many as one host has turns"
                time.sleep(0.02)
            time.sleep(0.5)
            beside, longest = p99(wire)
        finally:
            let_go.set()
        print(f"\np99 alone {alone:.1f} ms, beside {USERS * CALLS} calls of a server that hangs {beside:.1f} ms: {beside / alone:.2f}")
        # Whoever waited for a place of the environment waited for seconds.
        assert longest < 1_000, longest
        ended = [call.result().said for call in calls]
    assert sum(not failed for failed, _ in ended) >= 32
    refused = {said.split(" are in flight")[0] for failed, said in ended if failed}
    assert all("32 requests" in said for said in refused), refused
