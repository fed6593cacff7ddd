"""Requests that schemathesis makes from the OpenAPI description: each is answered as the description says, in time."""

from __future__ import annotations

from collections import Counter

import pytest

schemathesis = pytest.importorskip("schemathesis")

from hypothesis import HealthCheck, Phase, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from schemathesis import GenerationMode  # noqa: E402
from schemathesis.checks import CHECKS, load_all_checks  # noqa: E402
from schemathesis.core.failures import FailureGroup  # noqa: E402
from toyclient import written  # noqa: E402
from toyhome import at_home  # noqa: E402

BYTE = st.binary(max_size=1)
THERE = {"id": "home", "name": "toy", "frame": 0}  # parts of paths that name something
SECONDS = 20.0  # of a request, at most
SESSIONS = 8  # beside the home; more are deleted
CONFORMS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
ENDLESS = "/v1/sessions/{id}/events"


@pytest.mark.filterwarnings("ignore:Do not use the `random` module")  # the server's threads do
@pytest.mark.parametrize(("most", "least"), [(6, 120), pytest.param(150, 3000, marks=pytest.mark.full)])
def test_every_answer_is_as_described(served_store, loaded, images, most, least) -> None:
    address, store = served_store
    home, statuses, problems = at_home(loaded), Counter(), {}
    whole = written(images[0])
    cut = st.builds(lambda place, byte: whole[:place] + byte + whole[place + 1 :], st.integers(0, len(whole)), BYTE)
    for kind in ("image/jpeg", "image/png"):
        schemathesis.openapi.media_type(kind, st.one_of(st.just(whole), cut))
    schema = schemathesis.openapi.from_url(f"{address}/openapi.json").exclude(path=ENDLESS)
    load_all_checks()
    checks = CHECKS.get_by_names(list(CONFORMS))
    operations = [found.ok() for found in schema.get_all_operations()]

    @settings(
        max_examples=most,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data(), kind=st.sampled_from(["known", "known", "odd", "any"]), named=st.booleans())
    def send(operation, data, kind, named) -> None:
        there = {name: value for name, value in THERE.items() if f"{{{name}}}" in operation.path and kind != "any"}
        known = {"path_parameters": there} if there else {}
        if operation.path.endswith("/frame") and kind == "known":
            known["query"] = {"time": 100.0}
        mode = GenerationMode.NEGATIVE if kind == "odd" else GenerationMode.POSITIVE
        case = data.draw(operation.as_strategy(mode, **known))
        ids = [hosted.id for hosted in store.list()]
        if "home" not in ids:
            store.create("home", home.fork())
        for id in [id for id in ids if id != "home"][:-SESSIONS]:
            store.delete(id)
        if named and case.path.endswith("/completions") and isinstance(case.body, dict):
            case.body["model"] = "toy"
        try:
            response = case.call(timeout=SECONDS)
            statuses[response.status_code] += 1
            case.validate_response(response, checks=checks)
        except (Exception, FailureGroup) as error:  # all are listed in the end
            problems.setdefault(f"{case.method} {case.operation.path}: {type(error).__name__}", str(error)[:2000])

    for operation in operations:
        send(operation)
    assert not problems, "\n\n".join(f"{where}\n{what}" for where, what in problems.items())
    assert sum(statuses.values()) >= least and {200, 201, 202, 400, 404} <= set(statuses), statuses
    print(dict(statuses))
