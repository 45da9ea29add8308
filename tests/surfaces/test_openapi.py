"""/openapi.json against the OpenAPI project's own rules, and the REST doors against /openapi.json, by two programs that
nobody here wrote: openapi-spec-validator and schemathesis.

Left out of schemathesis's checks are those that take the document for more than a document of this kind can say:
`positive_data_acceptance` (rules between two members, and ids that have to exist, are in no schema),
`negative_data_rejection` (null and a missing body are defaults in the JSON of Protocol Buffers), `unsupported_method`
and the `Allow` header (`/connections/app` is a path of its own and an id of `/connections/{connection_id}`).
"""

import json
import subprocess

import pytest

from kit.places import REPOSITORY, python
from kit.server import Server, clean_environment

CHECKS = [
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "ignored_auth",
]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server of its own: what is tried here makes and deletes whatever it likes."""
    server = Server(tmp_path_factory.mktemp("openapi") / "data").start()
    yield server
    server.stop()


def run(*words, cwd):
    return subprocess.run(words, capture_output=True, text=True, timeout=240, cwd=cwd, env=clean_environment())


def test_the_document_keeps_the_rules_of_openapi(server, tmp_path):
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(server.api("GET", "/openapi.json")))
    done = run(str(python("openapi")), "-m", "openapi_spec_validator", str(file), cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    file.write_text(file.read_text().replace('"responses"', '"answers"', 1))
    assert run(str(python("openapi")), "-m", "openapi_spec_validator", str(file), cwd=tmp_path).returncode != 0


def test_every_door_answers_generated_requests_as_the_document_says(server, tmp_path):
    done = run(
        str(python("openapi").parent / "schemathesis"), "--config-file", str(REPOSITORY / "tests" / "schemathesis.toml"),
        "run", f"{server.url}/openapi.json", "--url", server.url, "--header", f"Authorization: Bearer {server.token()}",
        "--checks", ",".join(CHECKS), "--phases", "coverage,fuzzing", "--max-examples", "8", "--seed", "1",
        "--continue-on-failure", "--no-color", cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    listed = sum(len(verbs) for verbs in server.api("GET", "/openapi.json")["paths"].values())
    assert f"Tested: {listed}" in done.stdout, done.stdout[-3000:]
    server.api("GET", "/api/v1/mcp/configs", token=server.token())
