"""Select the frames that show something new, not those that repeat the view before, like a keyframe policy in SLAM."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8

from .decode import Frame
from .picture import check_picture

SIDE = 160  # pixels of the longer side of the pictures that are compared
CORNERS, SHARE, APART = 150, 0.01, 4  # of a frame: their number, least strength of the best one's, pixels between two
STRENGTH = 1e-4  # least eigenvalue of a corner (OpenCV's units): a camera's noise on a plain wall stays below
FEWEST = 20  # corners; a view with fewer is compared by time alone
MOVED = 0.16  # of the longer side: how far the median corner moves into a new view
LOST = 0.45  # of the corners: how many are out of sight in a new view
SHORTEST, LONGEST = 0.3, 1.0  # seconds between new views, whatever they show
WINDOW, LEVELS = (15, 15), 3  # of the tracker: pixels around a corner, levels of the pyramid above the picture
BLOCK = 3  # pixels around a corner for its strength
BACK = 1.0  # pixels that a corner, tracked on and back, may lie off


class NewViews:
    """Selects the frames that show something new. The first one does.

    The corners of the last new frame are tracked from frame to frame (pyramidal Lucas and Kanade, there and back). A
    frame is new if they have moved far, if many of them are lost, or if the last new one was `LONGEST` seconds ago;
    never within `SHORTEST` seconds. It takes some milliseconds a frame.
    """

    def __init__(self) -> None:
        self._time = 0.0  # of the last new frame
        self._last: UInt8[np.ndarray, "rows columns"] | None = None  # grey, the frame before
        self._corners = self._found = np.zeros((0, 2), np.float32)  # in the last new frame, and where they are now
        self._first = 0  # how many there were

    def is_new(self, image: np.ndarray, time: float) -> bool:
        """Return whether an RGB frame (uint8, height × width × 3) shows something new; `time` is in seconds, and grows
        from call to call. Raises ValueError for another kind of picture."""
        check_picture(image)
        grey, before = _small_grey(image), self._last
        if before is None or before.shape != grey.shape:
            return self._begin(grey, time)
        self._last = grey
        if len(self._found):
            self._track(before, grey)
        passed = time - self._time + 1e-6  # times have rounding errors
        if passed < SHORTEST or (passed < LONGEST and not self._differs(max(grey.shape))):
            return False
        return self._begin(grey, time)

    def _begin(self, grey: UInt8[np.ndarray, "rows columns"], time: float) -> bool:
        self._corners = self._found = _corners(grey)
        self._first, self._last, self._time = len(self._corners), grey, time
        return True

    def _track(self, before: UInt8[np.ndarray, "rows columns"], grey: UInt8[np.ndarray, "rows columns"]) -> None:
        """Find the corners in the next frame; forget those that are lost."""
        found, seen = _flow(before, grey, self._found)
        back, seen_back = _flow(grey, before, found)
        inside = ((found >= 0) & (found < grey.shape[::-1])).all(1)
        same = np.linalg.norm(back - self._found, axis=1) < BACK
        kept = inside & same & seen & seen_back
        self._found, self._corners = found[kept], self._corners[kept]

    def _differs(self, side: int) -> bool:
        """Return whether the corners say that the view is another one."""
        if self._first < FEWEST:
            return False
        if len(self._found) < (1 - LOST) * self._first:
            return True
        moved: Float[np.ndarray, " corners"] = np.linalg.norm(self._found - self._corners, axis=1)
        return float(np.median(moved)) > MOVED * side


def new_views(frames: Iterable[Frame]) -> Iterator[Frame]:
    """Yield the frames that show something new, and the last one."""
    views, last = NewViews(), None
    for frame in frames:
        last = None if views.is_new(frame.image, frame.time) else frame
        if last is None:
            yield frame
    if last is not None:
        yield last


def _corners(grey: UInt8[np.ndarray, "rows columns"]) -> Float[np.ndarray, "corners 2"]:
    """Return the strongest corners of a picture, in pixels."""
    found = cv2.goodFeaturesToTrack(grey, CORNERS, SHARE, APART)
    if found is None:
        return np.zeros((0, 2), np.float32)
    columns, rows = found[:, 0].astype(int).T
    return found[cv2.cornerMinEigenVal(grey, BLOCK)[rows, columns] >= STRENGTH, 0]


def _flow(
    source: UInt8[np.ndarray, "rows columns"],
    target: UInt8[np.ndarray, "rows columns"],
    points: Float[np.ndarray, "points 2"],
) -> tuple[Float[np.ndarray, "points 2"], Bool[np.ndarray, " points"]]:
    """Return where points of one picture lie in another, in pixels, and whether they were found."""
    guess = np.zeros_like(points)  # an output; no guess is used
    found, seen, _ = cv2.calcOpticalFlowPyrLK(source, target, points, guess, winSize=WINDOW, maxLevel=LEVELS)
    return found, seen[:, 0] == 1


def _small_grey(image: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "rows columns"]:
    height, width = image.shape[:2]
    scale = SIDE / max(height, width)
    size = max(round(scale * width), 1), max(round(scale * height), 1)
    return cv2.cvtColor(cv2.resize(image, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
