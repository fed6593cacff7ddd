"""Decoders and heads behind π³'s trunk: frame-wise decoders, per-patch maps, and the camera."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from ..cameras import rigid
from .block import TransformerBlock
from .config import DecoderSize
from .rope import grid_positions, rotary_table


class Decoder(nn.Module):
    """A linear layer in, blocks that attend within a frame, a linear layer out."""

    def __init__(self, trunk_width: int, size: DecoderSize, registers: int, rope_base: float) -> None:
        super().__init__()
        self.head_dim, self.registers, self.rope_base = size.width // size.heads, registers, rope_base
        self.projects = nn.Linear(trunk_width, size.width)
        self.blocks = nn.ModuleList(TransformerBlock(size.width, size.heads, size.mlp_ratio) for _ in range(size.depth))
        self.linear_out = nn.Linear(size.width, size.out)

    def forward(
        self, hidden: Float[Tensor, "frames tokens trunk"], grid: tuple[int, int]
    ) -> Float[Tensor, "frames patches out"]:
        """Decode the patches; the registers take part and are then left out."""
        positions = grid_positions(grid, self.registers, hidden.device)
        table = rotary_table(positions, self.head_dim, self.rope_base)
        x = self.projects(hidden)
        for block in self.blocks:
            x = block(x, table)
        return self.linear_out(x[:, self.registers :])


class PatchMap(nn.Module):
    """A linear layer from each patch token to a small square of values, joined into one map."""

    def __init__(self, width: int, channels: int, side: int) -> None:
        super().__init__()
        self.side = side
        self.proj = nn.Linear(width, channels * side**2)

    def forward(
        self, tokens: Float[Tensor, "frames patches width"], grid: tuple[int, int]
    ) -> Float[Tensor, "frames rows columns channels"]:
        """Unfold to rows × side by columns × side."""
        planes = self.proj(tokens).transpose(1, 2).unflatten(2, grid)
        return functional.pixel_shuffle(planes, self.side).permute(0, 2, 3, 1)


class ResidualMlp(nn.Module):
    """Three ReLU layers beside an identity. Linear layers, whatever the published names say."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.res_conv1 = nn.Linear(width, width)
        self.res_conv2 = nn.Linear(width, width)
        self.res_conv3 = nn.Linear(width, width)

    def forward(self, x: Float[Tensor, "frames patches width"]) -> Float[Tensor, "frames patches width"]:
        y = functional.relu(self.res_conv1(x))
        y = functional.relu(self.res_conv2(y))
        return x + functional.relu(self.res_conv3(y))


class NearestRotation(torch.autograd.Function):
    """The rotation nearest to a 3×3 matrix in the Frobenius norm.

    It has a backward pass of its own. The gradient of the singular value decomposition is infinite at equal singular
    values, and a good camera head gives nearly equal ones. The gradient of the rotation needs only their sums.
    """

    @staticmethod
    def forward(ctx, matrix: Float[Tensor, "batch 3 3"]) -> Float[Tensor, "batch 3 3"]:
        u, values, vh = torch.linalg.svd(matrix)
        sign = torch.ones_like(values)
        sign[:, 2] = torch.det(u @ vh).sign()
        u, values = u * sign[:, None, :], values * sign
        ctx.save_for_backward(u, values, vh)
        return u @ vh

    @staticmethod
    def backward(ctx, grad: Float[Tensor, "batch 3 3"]) -> Float[Tensor, "batch 3 3"]:
        u, values, vh = ctx.saved_tensors
        inner = u.mT @ grad @ vh.mT
        sums = (values[:, :, None] + values[:, None, :]).clamp(min=0.1)  # a bounded gradient near degenerate matrices
        return u @ ((inner - inner.mT) / sums) @ vh


class CameraHead(nn.Module):
    """View tokens to a pose: two residual MLPs a patch, the mean over patches, two ReLU layers, two linear outputs."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.res_conv = nn.ModuleList(ResidualMlp(width) for _ in range(2))
        self.more_mlps = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.fc_t = nn.Linear(width, 3)
        self.fc_rot = nn.Linear(width, 9)

    def forward(self, view_tokens: Float[Tensor, "frames patches width"]) -> Float[Tensor, "frames 4 4"]:
        """Give each frame's camera in a frame that the frames share (`shared_from_camera`)."""
        x = view_tokens
        for block in self.res_conv:
            x = block(x)
        x = self.more_mlps(x.mean(dim=1))
        matrix = functional.normalize(self.fc_rot(x).unflatten(-1, (3, 3)), dim=-1)
        return rigid(NearestRotation.apply(matrix), self.fc_t(x))
