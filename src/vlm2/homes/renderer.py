"""Render a home: colour, depth and instance ids of one camera, in one pass over the triangles.

OpenGL without a window (EGL): Mesa's llvmpipe on a plain CPU, or a GPU's driver. Cameras follow OpenCV (x right,
y down, z forward), pixel centres lie at +0.5. Colour is supersampled 2 × 2; depth and ids are those of the pixel's
centre, never blended.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Float32, Int32, UInt8

from ..scenes.record import Intrinsics
from .home import Home
from .illumination import Illumination, illuminate
from .mesh import Mesh, Part
from .textures import SIZE, texture_image

if TYPE_CHECKING:
    import moderngl

NEAR, FAR = 0.05, 80.0
LARGEST = 4096
INSTALL = "apt-get install -y libegl1 libgl1 libgl1-mesa-dri"

_VERTEX = np.dtype(
    [("position", "f4", 3), ("uv", "f4", 2), ("surface", "u1", 4), ("colour", "u1", 4), ("labels", "u2", 2)]
)
_LAYOUT = "3f4 2f4 4f1 4f1 2u2"


class MissingEGL(OSError, RuntimeError):
    """The machine has no EGL. This is an OSError too, because commands report those in one line."""


@dataclass(frozen=True)
class Rendered:
    """One frame: sRGB, depth in metres along the camera's axis (0 where nothing is hit), and ids of the home's things.

    The id 0 stands for the shell and for nothing.
    """

    rgb: UInt8[np.ndarray, "height width 3"]
    depth: Float32[np.ndarray, "height width"]
    instances: Int32[np.ndarray, "height width"]


class Renderer:
    """Draw loaded homes at one image size (pixels). Use it in one thread; `load` before `render`.

    Raises MissingEGL (with the command that installs EGL) and ValueError for a size out of range.
    """

    def __init__(self, width: int, height: int) -> None:
        if not (0 < width <= LARGEST and 0 < height <= LARGEST):
            raise ValueError(f"Cannot render {width} × {height} pixels; each side must be 1 to {LARGEST}.")
        self.width, self.height = width, height
        self._context = _context()
        self._surface: Any = self._context.program(_shader("surface.vert"), fragment_shader=_shader("surface.frag"))
        self._resolve: Any = self._context.program(_shader("screen.vert"), fragment_shader=_shader("resolve.frag"))
        self._screen = self._context.vertex_array(self._resolve, [])
        self._fine: Any = _framebuffer(self._context, 2 * width + 1, 2 * height + 1, depth=True)
        self._image = _framebuffer(self._context, width, height, depth=False)
        self._loaded: list[Any] = []  # what this home holds on the device
        self._illumination: Illumination | None = None

    def close(self) -> None:
        """Release the device's memory. Nothing can be rendered afterwards."""
        with self._context:
            self._unload()
            for target in (self._fine, self._image):
                for attachment in target.color_attachments:
                    attachment.release()
                target.release()
        self._context.release()

    def load(self, home: Home) -> None:
        """Upload a home's triangles, textures and light to the device in place of the home loaded before."""
        light = illuminate(home)
        with self._context:  # each renderer has its own context, which must be the current one
            self._unload()
            self._upload(home, light)
        self._illumination = light

    def _upload(self, home: Home, light: Illumination) -> None:
        vertices, indices, self._ranges, self._bounds, names = _geometry(home)
        gl = self._context
        vertex_buffer, index_buffer = gl.buffer(vertices.tobytes()), gl.buffer(indices.tobytes())
        self._vertices = gl.vertex_array(
            self._surface, [(vertex_buffer, _LAYOUT, *(_VERTEX.names or ()))], index_buffer, index_element_size=4
        )
        self._commands = gl.buffer(reserve=20 * len(self._ranges))
        self._textures = _texture_array(gl, names)
        self._grids = [_texture_grid(gl, light.light), _texture_grid(gl, light.direction)]
        self._loaded = [self._vertices, vertex_buffer, index_buffer, self._commands, self._textures, *self._grids]
        shape = np.array(light.light.shape[:3])
        self._surface["grid_origin"].value = tuple(light.origin)
        self._surface["grid_scale"].value = tuple(1.0 / (shape * light.cell))
        self._surface["cell"].value = light.cell
        for unit, name in enumerate(("textures", "light", "direction")):
            self._surface[name].value = unit
        self._resolve["fine_picture"].value, self._resolve["fine_measure"].value = 0, 1

    def render(self, world_from_camera: Float[np.ndarray, "4 4"], intrinsics: Intrinsics) -> Rendered:
        """Draw one frame from a camera pose (OpenCV axes).

        Raises RuntimeError before `load`, and ValueError for intrinsics of another image size.
        """
        if self._illumination is None:
            raise RuntimeError("No home is loaded. Call `load(home)` first.")
        if (intrinsics.width, intrinsics.height) != (self.width, self.height):
            raise ValueError(
                f"The intrinsics are for {intrinsics.width} × {intrinsics.height} pixels, "
                f"this renderer draws {self.width} × {self.height}. Make one Renderer for each size."
            )
        with self._context:
            self._draw(np.asarray(world_from_camera, np.float64), intrinsics, self._illumination)
            rgb = self._image.read(components=3, attachment=0, alignment=1)
            measures = self._image.read(components=2, attachment=1, dtype="f4", alignment=1)
        depth, instances = np.moveaxis(np.frombuffer(measures, np.float32).reshape(self.height, self.width, 2), -1, 0)
        colour = np.frombuffer(rgb, np.uint8).reshape(self.height, self.width, 3)
        return Rendered(colour, np.ascontiguousarray(depth), instances.astype(np.int32))

    def _draw(self, world_from_camera: np.ndarray, intrinsics: Intrinsics, light: Illumination) -> None:
        camera_from_world = np.linalg.inv(world_from_camera)
        clip_from_world = _clip_from_camera(intrinsics) @ camera_from_world
        eye, forward = world_from_camera[:3, 3], world_from_camera[:3, 2]
        surface = self._surface
        surface["clip_from_world"].write(np.ascontiguousarray(clip_from_world.T, np.float32).tobytes())
        surface["eye"].value, surface["forward"].value = tuple(eye), tuple(forward)
        # The exposure follows the light ahead, as a phone's does. It changes smoothly with the pose and has no state.
        ahead = 0.5 * (light.brightness(eye) + light.brightness(eye + 1.5 * forward))
        surface["exposure"].value = float(np.clip(0.32 / max(ahead, 0.02), 0.4, 3.0))

        visible = _in_view(self._bounds, clip_from_world)
        low, high = np.moveaxis(self._bounds[visible], 1, 0)
        distances = np.linalg.norm(eye - np.clip(eye, low, high), axis=1)
        distances[:1] = -1.0  # the shell, then what is near
        commands = np.zeros((len(distances), 5), np.uint32)  # as glMultiDrawElementsIndirect takes them
        commands[:, [2, 0]], commands[:, 1] = self._ranges[visible][np.argsort(distances, kind="stable")], 1
        self._commands.write(commands.tobytes())

        gl = self._context
        self._fine.use()
        gl.enable_only(gl.DEPTH_TEST)
        self._fine.clear(0.0, 0.0, 0.0, 0.0)
        for unit, texture in enumerate((self._textures, *self._grids)):
            texture.use(unit)
        self._vertices.render_indirect(self._commands, mode=gl.TRIANGLES, count=len(commands))
        self._image.use()
        gl.enable_only(gl.NOTHING)
        for unit, attachment in enumerate(self._fine.color_attachments):
            attachment.use(unit)
        self._screen.render(mode=gl.TRIANGLES, vertices=3)

    def _unload(self) -> None:
        for resource in self._loaded:
            resource.release()
        self._loaded, self._illumination = [], None


def pinhole(width: int, height: int, horizontal_fov: float) -> Intrinsics:
    """Return a centred camera with square pixels from its horizontal field of view in radians."""
    focal = 0.5 * width / float(np.tan(0.5 * horizontal_fov))
    return Intrinsics(width, height, focal, focal, 0.5 * width, 0.5 * height)


def camera_points(
    depth: Float32[np.ndarray, "height width"], intrinsics: Intrinsics
) -> Float32[np.ndarray, "height width 3"]:
    """Return the points of a depth image in its camera's frame (metres)."""
    height, width = depth.shape
    x = (np.arange(width, dtype=np.float32) + 0.5 - intrinsics.cx) / intrinsics.fx
    y = (np.arange(height, dtype=np.float32) + 0.5 - intrinsics.cy) / intrinsics.fy
    return np.stack([depth * x[None, :].astype(np.float32), depth * y[:, None].astype(np.float32), depth], -1)


def _context() -> moderngl.Context:
    import moderngl

    gl: Any = moderngl  # its type stubs have wrong types for keywords
    try:
        return gl.create_standalone_context(backend="egl", require=430)
    except Exception as error:
        raise MissingEGL(f"Cannot render: no EGL here ({error}). Install it with `{INSTALL}`.") from error


@cache
def _shader(name: str) -> str:
    return (files("vlm2.homes") / "shaders" / name).read_text(encoding="utf-8")


def _framebuffer(gl: moderngl.Context, width: int, height: int, depth: bool) -> moderngl.Framebuffer:
    targets = [gl.texture((width, height), 4), gl.texture((width, height), 2, dtype="f4")]
    return gl.framebuffer(targets, gl.depth_renderbuffer((width, height)) if depth else None)


def _texture_array(gl: moderngl.Context, names: list[str]) -> moderngl.TextureArray:
    """Upload textures, their last row first (v grows upwards)."""
    layers = [texture_image(name)[::-1] for name in names] or [np.zeros((SIZE, SIZE, 3), np.uint8)]
    array = gl.texture_array((SIZE, SIZE, len(layers)), 3, np.stack(layers).tobytes())
    array.build_mipmaps()
    array.filter = (gl.LINEAR_MIPMAP_LINEAR, gl.LINEAR)
    array.repeat_x = array.repeat_y = True
    return array


def _texture_grid(gl: moderngl.Context, grid: np.ndarray) -> moderngl.Texture3D:
    x, y, z, components = grid.shape
    data = np.ascontiguousarray(grid.transpose(2, 1, 0, 3), np.float16)
    texture = gl.texture3d((x, y, z), components, data.tobytes(), dtype="f2")
    texture.filter = (gl.LINEAR, gl.LINEAR)
    texture.repeat_x = texture.repeat_y = texture.repeat_z = False
    return texture


def _geometry(home: Home) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Return a home's data for upload, and the chunks in which it is drawn: one for each thing (the shell first).

    - All vertices.
    - All indices.
    - The first index and the number of indices of each chunk.
    - The least and greatest corner of each chunk (chunks, 2, 3) in metres.
    - The names of the textures in the order of their layers.
    """
    things: list[tuple[int, Mesh]] = [(0, home.shell)]
    things += [(o.id, o.mesh) for o in home.openings]
    things += [(p.id, p.model.mesh.transformed(p.world_from_model)) for p in home.placements]
    layers: dict[str, int] = {}
    vertices, indices, ranges, bounds = [], [], [], []
    first_vertex = first_index = 0
    for id, mesh in things:
        start = first_index
        for part in mesh.parts:
            vertices.append(_vertices(part, id, layers))
            indices.append(part.faces.astype(np.uint32).ravel() + np.uint32(first_vertex))
            first_vertex += len(part.positions)
            first_index += part.faces.size
        ranges.append((start, first_index - start))
        bounds.append(mesh.bounds.astype(float))
    return np.concatenate(vertices), np.concatenate(indices), np.array(ranges), np.stack(bounds), list(layers)


def _vertices(part: Part, id: int, layers: dict[str, int]) -> np.ndarray:
    material = part.material
    out = np.empty(len(part.positions), _VERTEX)
    out["position"] = part.positions
    out["uv"] = part.uvs / material.texture_size
    out["surface"][:, :3] = np.round(128 + 127 * np.clip(part.normals, -1, 1))
    out["surface"][:, 3] = round(255 * float(np.clip(material.gloss, 0, 1)))
    out["colour"][:] = np.round(255 * np.sqrt(np.clip([*material.colour, material.glow**2], 0, 1)))
    layer = 0 if material.texture is None else layers.setdefault(material.texture, len(layers)) + 1
    out["labels"] = id, layer
    return out


def _clip_from_camera(k: Intrinsics) -> np.ndarray:
    """Return the projection onto the supersampled frame; its sample (2i + 1, 2j + 1) is the centre of pixel (i, j)."""
    width, height = 2 * k.width + 1, 2 * k.height + 1
    clip = np.zeros((4, 4))
    clip[0, 0], clip[0, 2] = 4 * k.fx / width, (4 * k.cx + 1) / width - 1
    clip[1, 1], clip[1, 2] = 4 * k.fy / height, (4 * k.cy + 1) / height - 1
    clip[2, 2], clip[2, 3] = (FAR + NEAR) / (FAR - NEAR), -2 * FAR * NEAR / (FAR - NEAR)
    clip[3, 2] = 1.0
    return clip


def _in_view(bounds: np.ndarray, clip_from_world: np.ndarray) -> np.ndarray:
    """Return which boxes (boxes, 2, 3) may be visible: those that do not lie wholly beyond one side of the view."""
    x, y, z = (bounds[:, corner, axis] for axis, corner in enumerate(np.indices((2, 2, 2)).reshape(3, 8)))
    x, y, _, w = np.einsum("ij,jbc->ibc", clip_from_world, np.stack([x, y, z, np.ones_like(x)]))
    return ~np.logical_or.reduce([side.all(1) for side in (x > w, x < -w, y > w, y < -w, w < NEAR)])
