"""What every benchmark in the folder promises, and how they are found."""

import json

import pytest

from vlm2.evaluation.benchmark import Item, benchmarks, by_video, find

NAMES = sorted(benchmarks())


def test_benchmarks_are_found_by_their_files():
    assert {"homes", "scanqa", "sqa3d", "vsi_bench", "vsti_bench"} <= set(NAMES)
    assert all(benchmarks().values())
    with pytest.raises(ValueError, match=r"'vsi_bnech'; did you mean 'vsi_bench'\? There are: homes"):
        find("vsi_bnech")


@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_is_whole(name):
    benchmark = find(name)
    assert benchmark.name == name
    assert benchmark.version >= 1
    assert benchmark.scorer() is benchmark.scorers[benchmark.default]
    assert benchmark.summary([]) == {}
    assert benchmark.chance([]) == {}
    with pytest.raises(ValueError, match=f"{name} has no scorer called 'kind'"):
        benchmark.scorer("kind")


@pytest.mark.parametrize("name", NAMES)
def test_scores_are_shares_and_have_the_headline(name):
    benchmark = find(name)
    kind = "object_counting"
    item = Item("1", None, "scene", kind, "q", "q", None, ("4",))
    for scorer in benchmark.scorers.values():
        values = scorer(item, "4")
        assert values
        assert set(values.values()) == {1.0}
        row = benchmark.summary([(kind, values), (kind, scorer(item, "a wrong answer"))])
        assert row[benchmark.headline] == 0.5
        assert json.loads(json.dumps(row)) == row


def test_items_are_grouped_by_video():
    items = [Item(id, None, group, "t", "q", "q", None, ("x",)) for id, group in (("1", "b"), ("2", "a"), ("3", "b"))]
    assert {group: [item.id for item in of] for group, of in by_video(items).items()} == {"b": ["1", "3"], "a": ["2"]}
