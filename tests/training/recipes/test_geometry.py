"""Stage 1 on toy homes: a box room whose visual tokens encode what a patch sees."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from toytraining import alone, pair
from toytraining import losses as logged

from vlm2.encoders.geometry.pi3 import DecoderSize, Pi3, Pi3Config, Pi3Output
from vlm2.scenes.record import Scene
from vlm2.training import geometry_losses as losses
from vlm2.training.home_cache import HOME_FORMAT, open_cache
from vlm2.training.model_card import read_records
from vlm2.training.recipes import geometry
from vlm2.training.recipes.geometry import recipe
from vlm2.training.stage import Optimiser

GRID = (3, 4)
DIM = 24
SMALL = DecoderSize(width=32, depth=1, heads=2, mlp_ratio=2.0, out=32)
TINY = replace(
    Pi3Config.compact(), width=32, depth=4, heads=2, visual_dim=DIM, points=SMALL, confidence=SMALL, camera=SMALL
)


def walk(frames: int, rng: np.random.Generator) -> torch.Tensor:
    """Turn about the vertical while moving on a circle: world (z up) from camera."""
    angle = rng.uniform(0, 2 * np.pi) + 0.15 * np.arange(frames)
    forward = np.stack((np.cos(angle), np.sin(angle), 0 * angle), -1)
    down = np.broadcast_to([0.0, 0.0, -1.0], forward.shape)
    poses = np.tile(np.eye(4), (frames, 1, 1))
    poses[:, :3, :3] = np.stack((np.cross(down, forward), down, forward), -1)
    poses[:, :3, 3] = 0.8 * forward + [0, 0, 1.5]
    return torch.from_numpy(poses).float()


def look(poses: torch.Tensor, grid: tuple[int, int]) -> torch.Tensor:
    """Hit the walls of a 5 × 4 × 2.6 m room from inside; camera-frame points on a map of 8 × 8 points a patch."""
    rows, columns = (8 * n for n in grid)
    y, x = torch.meshgrid(torch.arange(rows) + 0.5, torch.arange(columns) + 0.5, indexing="ij")
    rays = torch.stack(((x - columns / 2) / (0.6 * columns), (y - rows / 2) / (0.6 * columns), torch.ones_like(x)), -1)
    directions = torch.einsum("fij,hwj->fhwi", poses[:, :3, :3], rays)
    origin = poses[:, None, None, :3, 3]
    high, low = torch.tensor([2.5, 2.0, 2.6]), torch.tensor([-2.5, -2.0, 0.0])
    reach = torch.where(directions > 0, high - origin, low - origin) / directions
    return rays * reach.amin(-1, keepdim=True)


def make_home(path, seed: int, frames: int = 14, grid: tuple[int, int] = GRID) -> None:
    rng = np.random.default_rng(seed)
    poses = walk(frames, rng)
    points = look(poses, grid)
    seen = torch.einsum("fij,fhwj->fhwi", poses[:, :3, :3], points) + poses[:, None, None, :3, 3]
    patches = (
        torch.cat((points, seen), -1).unflatten(1, (grid[0], 8)).unflatten(3, (grid[1], 8)).mean((2, 4)).flatten(1, 2)
    )
    mixing = torch.randn(2 * 6, DIM, generator=torch.Generator().manual_seed(1))
    tokens = torch.cat((patches.sin(), patches.cos()), -1) @ mixing
    scene = Scene(name=path.stem, dataset="toy", floor_area=20.0, objects=(), counts={})
    save_file(
        {
            "visual_tokens": tokens.bfloat16(),
            "local_points": points.half(),
            "world_from_camera": poses,
            "times": torch.arange(frames) / 2,
        },
        path,
        metadata={"format": HOME_FORMAT, "grid": json.dumps(grid), "encoder": "toy", "scene": scene.to_json()},
    )


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cache")
    for seed in range(6):
        make_home(folder / f"home_{seed}.safetensors", seed, grid=GRID if seed % 3 else (4, 3))
    return folder


def training(cache, out, steps=20, **changes):
    values = {
        "out": str(out),
        "save_every": 10,
        "log_every": 5,
        "steps": steps,
        "optimiser": Optimiser(3e-3),
        "train": str(cache),
        "validation": str(cache),
        "encoder": TINY,
        "windows": 2,
        "feature_noise": 0.0,
    }
    return geometry.GeometryTraining(**(values | changes))


def test_training_learns_writes_and_reloads(cache, tmp_path):
    config = training(cache, tmp_path / "run")
    homes = open_cache(cache)
    torch.manual_seed(0)
    before = geometry.evaluate_geometry(Pi3(TINY).eval(), homes)
    encoder = geometry.run(config)
    after = json.loads((tmp_path / "run/metrics.json").read_text())
    assert after["depth_error"] < 0.7 * before["depth_error"]
    assert after["rotation_still"] == pytest.approx(np.rad2deg(0.15), rel=1e-3)
    assert [made["scores"] for made in read_records(tmp_path / "run/encoder")] == [after]
    reloaded = geometry.open_encoder(tmp_path / "run/encoder")
    tokens = homes[1].tensor("visual_tokens", slice(4)).float()
    assert reloaded.config == encoder.config
    pairs = (e.encode(None, tokens, GRID).local_points for e in (encoder, reloaded))
    torch.testing.assert_close(*pairs, rtol=0.05, atol=0.05)  # saved in 16 bits
    with pytest.raises(ValueError, match="vlm2 train geometry"):
        geometry.open_encoder(tmp_path)


def test_a_resumed_run_ends_where_an_unbroken_one_does(cache, tmp_path):
    whole = geometry.run(training(cache, tmp_path / "whole", steps=4, validation=""))
    stopped = training(cache, tmp_path / "parts", steps=4, validation="")
    stopped = replace(stopped, save_every=2)
    geometry.run(stopped)
    for path in (tmp_path / "parts/geometry/checkpoint-4").iterdir():
        path.unlink()
    (tmp_path / "parts/geometry/checkpoint-4").rmdir()
    resumed = geometry.run(stopped)
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], value, rtol=1e-4, atol=1e-5)


def test_two_processes_have_the_loss_of_one(cache, tmp_path):
    one, two = (training(cache, tmp_path / name, steps=3) for name in ("one", "two"))
    one, two = (replace(run, optimiser=Optimiser(3e-3, accumulate=2), log_every=1) for run in (one, two))
    assert alone(geometry.run, one) == 0
    assert pair(geometry.run, two) == [0, 0]
    assert logged(tmp_path / "two/geometry") == pytest.approx(logged(tmp_path / "one/geometry"), rel=1e-4)
    assert len(logged(tmp_path / "one/geometry")) == 3 and read_records(tmp_path / "two/encoder")


def test_windows_are_repeatable_and_of_one_grid(cache, tmp_path):
    deck = geometry.Windows(open_cache(cache), training(cache, tmp_path))
    first, again = deck[3], deck[3]
    assert torch.equal(first["visual_tokens"], again["visual_tokens"])
    assert {deck[i]["grid"] for i in range(12)} == {GRID, (4, 3)}
    assert first["local_points"].shape[:2] == (2, 8)
    with pytest.raises(ValueError, match="99 frames"):
        geometry.Windows(open_cache(cache), training(cache, tmp_path, frames=99))


def test_the_truth_costs_nothing():
    poses = walk(4, np.random.default_rng(0))[None]
    points = look(poses[0], GRID)[None]
    sure = torch.full(points.shape[:-1], 20.0)
    elsewhere = torch.linalg.inv(poses[:, :1]) @ poses  # any world frame is right
    truth = geometry_output(points, sure, elsewhere)
    found = losses.geometry_losses(truth, points, poses, losses.GeometryLossWeights())
    assert max(v.item() for v in found.values()) < 1e-3, found
    far = losses.geometry_losses(
        geometry_output(2 * points, sure, elsewhere), points, poses, losses.GeometryLossWeights()
    )
    assert far["points"] > 1 and far["confidence"] > 1 and far["aligned"] < 1e-4 and far["normals"] < 1e-4


def geometry_output(points, logits, poses):
    tokens = torch.zeros(*points.shape[:2], 1, 1)
    return Pi3Output(points, logits, poses, tokens, tokens)


def test_points_without_truth_do_not_count():
    poses = torch.eye(4).repeat(1, 2, 1, 1)
    points = look(walk(2, np.random.default_rng(0)), GRID)[None]
    hole = points.clone()
    hole[:, :, :4] = torch.nan
    output = geometry_output(points.clone().requires_grad_(), torch.zeros(points.shape[:-1]), poses)
    found = losses.geometry_losses(output, hole, poses, losses.GeometryLossWeights())
    assert torch.isfinite(found["loss"]) and found["points"] < 1e-6
    found["loss"].backward()
    assert torch.isfinite(output.local_points.grad).all()


def test_pose_errors_are_in_radians_and_metres():
    true = torch.eye(4).repeat(1, 2, 1, 1)
    moved = true.clone()
    moved[0, 1, 0, 3] = 1.0
    rotation, translation = losses.pose_errors(moved, true, delta=0.1)
    assert rotation < 1e-5 and translation == pytest.approx(0.95)
    turned = true.clone()
    turned[0, 1, :2, :2] = torch.tensor([[0.0, -1.0], [1.0, 0.0]])
    assert losses.pose_errors(turned, true, delta=0.1)[0] == pytest.approx(np.pi / 2, abs=1e-4)


def test_best_scale_is_the_true_one_despite_outliers():
    points = torch.rand(2, 400, 3) + 0.5
    true = points * torch.tensor([0.5, 3.0])[:, None, None]
    true[:, :60] *= 5
    scales = losses.best_scales(points, true, torch.ones(2, 400))
    torch.testing.assert_close(scales, torch.tensor([0.5, 3.0]), rtol=1e-3, atol=0)


def test_recipe_is_within_the_budget():
    config = recipe()
    with torch.device("meta"):
        assert sum(p.numel() for p in Pi3(config.encoder).parameters()) <= 5_600_000
