"""Settings of features, camera tracking and loop closure [choice]. The defaults were chosen on validation homes,
`depth_share` and those of verticals on real walks.

Lengths in median depths are shares of the median depth of a window's points, so that they hold in any units. Deviations
are standard deviations. A robust kernel narrows to its width (in deviations) from `kernel_start` times that.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import radians


@dataclass(frozen=True)
class FeatureConfig:
    """Which SIFT features of a frame are kept, and which features of two frames match."""

    max_features: int = 800  # of a frame; the strongest stay
    contrast_threshold: float = 0.005  # least contrast; SIFT's usual 0.04 leaves no feature on plain walls
    edge_threshold: float = 15.0  # largest ratio of principal curvatures
    max_ratio: float = 0.85  # of a match's distance to that of the second nearest (Lowe 2004)
    max_matches: int = 100  # of two frames; the nearest stay


@dataclass(frozen=True)
class TrackingConfig:
    """How the poses of a window are found."""

    features: FeatureConfig = FeatureConfig()
    pixels: int = 65_536  # of frames as they are searched first, the most; lengths in pixels are in these
    pair_distance: int = 2  # of the frames that are paired where the focal length is known and neighbours match well
    fine_features: FeatureConfig = FeatureConfig(max_features=1500, max_matches=300)
    fine_below: int = 30  # inliers of neighbours; below, both are searched in full size
    ransac_samples: int = 100  # of a pair and direction
    ransac_error: float = 2.0  # pixels, largest of an inlier
    epipolar_samples: int = 300  # of a pair
    epipolar_error: float = 1.0  # pixels, largest of an inlier
    clear_share: float = 0.7  # of inliers; a pose with so many is taken, and no other is tried
    pixel_deviation: float = 1.0  # pixels, of a match
    depth_deviation: float = 0.15  # of the encoder's depths, as a share of them
    inlier_deviations: float = 4.0  # largest error of a match that agrees with a relative pose
    min_inliers: int = 13  # matches of a pair that agree on its relative pose, beside those that agree by chance
    chance: float = 0.12  # share of wrong matches that agree with a pose
    max_rotation_error: float = radians(90)  # radians, between a relative pose and the encoder's
    max_translation: float = 1.0  # median depths, of a pair
    iterations: int = 12  # of bundle adjustment, at most
    converged: float = 0.01  # decrease of the sum of squared deviations by an iteration; below, it is the last one
    kernel: float = 2.0
    kernel_start: float = 4.0
    match_weight: float = 0.3  # errors of neighbouring matches are not independent
    step_rotation: float = radians(4)  # deviation of the initial steps, radians
    step_translation: float = 0.03  # deviation of the initial steps, median depths
    focal_deviation: float = 0.2  # of the logarithm of the encoder's focal length
    least_focal_deviation: float = 0.02  # of the logarithm of a focal length that many windows agree on
    focal_search_above: float = 0.05  # deviation of the logarithm of a focal length; above, it is searched for
    focal_grid: tuple[float, float, int] = (0.45, 1.5, 17)  # tried by the search, in widths: from, to, how many
    focal_motion: float = 0.02  # of the width: the least median motion of the matches that show a focal length
    focal_agreeing: float = 0.4  # least share of matches that agree with the best focal length of a pair
    depth_share: float = 0.25  # of the error of the encoder's focal length that its depths have too, both as logarithms
    focal_change: float = 0.05  # of the logarithm; above, the pairs are estimated again
    focal_rounds: int = 3


@dataclass(frozen=True)
class LoopClosureConfig:
    """How a pose graph finds loops and distributes their errors."""

    tracking: TrackingConfig = TrackingConfig()  # how keyframes are matched
    max_keyframes: int = 64  # then the most redundant one is removed
    max_features: int = 600  # of a keyframe; the strongest stay
    voting_features: int = 100  # of a keyframe, that choose the candidates
    candidates: int = 4  # earlier keyframes that a new one is matched with
    fine_features: int = 1500  # of a keyframe whose neighbours match weakly, in place of `max_features`
    fine_candidates: int = 16  # of such a keyframe
    min_inliers: int = 25  # matches that agree on a loop
    rotation_distance: float = 2.0  # median depths, between viewpoints that differ by one radian
    step_rotation: float = radians(2)  # deviation of a step of the path, radians
    step_translation: float = 0.04  # deviation of a step of the path, median depths
    loop_rotation: float = radians(2)  # deviation of a loop with `loop_inliers` matches, radians
    loop_translation: float = 0.04  # deviation of a loop with `loop_inliers` matches, median depths
    loop_inliers: int = 40
    vertical: float = radians(6)  # deviation of the upward direction that the views of a piece show, radians
    vertical_kernel: float = 3.0
    most_tilt: float = radians(10)  # of the newest piece against the others, radians; above, the poses are optimised
    unmatched_uncertainty: float = 10.0  # factor on a step's deviations where matches do not connect all frames
    iterations: int = 10  # of the optimisation
    step_kernel: float = 4.0
    loop_kernel: float = 3.0
    kernel_start: float = 16.0
