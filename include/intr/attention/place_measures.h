// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "intr/attention/cell_places.h"

/// Where in the picture a map lies: by itself, against a box, against parts. Maps are doubles that
/// sum to 1, [S].
namespace intr {

/// Center of mass m = sum a p, in pixels of the source.
PicturePoint center_of_mass(std::span<const double> map, const CellPlaces& places);
/// sqrt(sum a |p - m|^2) as a share of the picture's diagonal.
double map_spread(std::span<const double> map, const CellPlaces& places,
                  const PicturePoint& center);

/// Mass that lies in a box. @param shares of CellPlaces::shares_in
double mass_in(std::span<const double> map, std::span<const double> shares);
/// A map that knows pictures but not this one: a Gaussian about the middle with a quarter of the
/// picture's sides as its deviations.
std::vector<double> center_prior(const CellPlaces& places);
/// Share of cells whose point lies in the enlarged box: how often a random cell hits (pointing
/// game, Zhang et al., ECCV 2016).
double pointing_chance(const CellPlaces& places, const PictureBox& box, double margin);

/// The fewest cells that hold at least this mass, largest first; equal ones by cell number. The
/// mass counts as reached within 10^-12.
std::vector<std::int64_t> smallest_set(std::span<const double> map, double mass);

/// A named place of the annotation, such as a bird's beak.
struct PartPoint {
  PicturePoint point;
  bool visible = false;
};

/// The visible part that lies nearest to a point; of equal ones the first.
struct NearestPart {
  std::int32_t part = -1;  ///< -1: no part is visible
  double distance = 0;     ///< pixels of the source; NaN if there is none
};
NearestPart nearest_part(const PicturePoint& point, std::span<const PartPoint> parts);

/// Visible parts whose cell is in a set, as a share of visible parts; NaN if none is visible.
/// @param in_set [S], not 0 for cells of the set
double part_coverage(std::span<const std::uint8_t> in_set, const CellPlaces& places,
                     std::span<const PartPoint> parts);

}  // namespace intr
