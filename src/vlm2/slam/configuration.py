"""Settings of features, camera tracking and loop closure [choice]. The defaults were chosen on validation homes.

Lengths in "median depths" are shares of the median depth of a window's points, so that they hold in any units. Standard
deviations are those of independent normal errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import radians


@dataclass(frozen=True)
class FeatureConfig:
    """Which SIFT features of a frame are kept, and which features of two frames match.

    max_features: most features of a frame; the strongest stay.
    contrast_threshold: least contrast of a feature. SIFT's usual 0.04 leaves no feature on plain walls.
    edge_threshold: largest ratio of a feature's principal curvatures; edges have large ones.
    max_ratio: largest distance of a match as a share of the distance to the second nearest (Lowe 2004).
    max_matches: most matches of two frames; the nearest stay.
    """

    max_features: int = 800
    contrast_threshold: float = 0.005
    edge_threshold: float = 15.0
    max_ratio: float = 0.85
    max_matches: int = 100


@dataclass(frozen=True)
class TrackingConfig:
    """How the poses of a window are found.

    features: of the window's frames.
    ransac_samples, ransac_error: random samples of a pair and direction, and the largest error of an inlier (pixels).
    pixel_deviation, depth_deviation: of a match (pixels), and of the encoder's depths (as a share of them).
    inlier_deviations: largest error of a match that agrees with a relative pose, in deviations.
    min_inliers, min_inlier_share: least matches of a pair that agree on its relative pose, and their least share.
    max_rotation_error: largest angle between a relative pose and the encoder's (radians).
    max_translation: largest translation of a pair (median depths).
    iterations: of bundle adjustment.
    kernel, kernel_start: width of the robust kernel at the end (deviations), and how many times that at the start.
    match_weight: factor on the error of every match; errors of neighbouring matches are not independent.
    step_rotation, step_translation: deviations of the initial steps (radians, median depths).
    focal_deviation: of the logarithm of the encoder's focal length.
    """

    features: FeatureConfig = FeatureConfig()
    ransac_samples: int = 100
    ransac_error: float = 2.0
    pixel_deviation: float = 1.0
    depth_deviation: float = 0.15
    inlier_deviations: float = 4.0
    min_inliers: int = 12
    min_inlier_share: float = 0.4
    max_rotation_error: float = radians(90)
    max_translation: float = 1.0
    iterations: int = 12
    kernel: float = 2.0
    kernel_start: float = 4.0
    match_weight: float = 0.3
    step_rotation: float = radians(4)
    step_translation: float = 0.03
    focal_deviation: float = 0.2


@dataclass(frozen=True)
class LoopClosureConfig:
    """How a pose graph finds loops and distributes their errors.

    tracking: how keyframes are matched and their relative poses found.
    max_keyframes: most keyframes of a graph; then the most redundant one is removed.
    max_features, voting_features: strongest features that a keyframe keeps, and those of them that choose candidates.
    candidates: most earlier keyframes that a new one is matched with.
    min_inliers: least matches that agree on a loop.
    rotation_distance: distance of two viewpoints that differ by one radian (median depths).
    step_rotation, step_translation: deviations of a step of the path (radians, median depths).
    loop_rotation, loop_translation, loop_inliers: deviations of a loop (radians, median depths) on so many matches.
    unmatched_uncertainty: factor on the deviations of a step where matches do not connect all frames.
    iterations: of the optimisation.
    step_kernel, loop_kernel, kernel_start: widths of the robust kernels at the end (deviations), and how many times
        those at the start.
    """

    tracking: TrackingConfig = TrackingConfig()
    max_keyframes: int = 64
    max_features: int = 300
    voting_features: int = 100
    candidates: int = 4
    min_inliers: int = 25
    rotation_distance: float = 2.0
    step_rotation: float = radians(2)
    step_translation: float = 0.04
    loop_rotation: float = radians(2)
    loop_translation: float = 0.04
    loop_inliers: int = 40
    unmatched_uncertainty: float = 10.0
    iterations: int = 10
    step_kernel: float = 4.0
    loop_kernel: float = 3.0
    kernel_start: float = 16.0
