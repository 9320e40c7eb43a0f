// What points [x, y] say of a curve.

/** Intercept, and slope in thousandths, by least squares. */
export function lineThrough(points) {
  const n = points.length;
  const [meanX, meanY] = [0, 1].map((axis) => points.reduce((sum, point) => sum + point[axis], 0) / n);
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / (spread || 1);
  return { slopeMs: slope * 1000, intercept: meanY - slope * meanX };
}

/** The exponent between the last two points; NaN with fewer. */
export function exponentOf(points) {
  const [[x1, y1] = [], [x2, y2] = []] = points.slice(-2);
  return points.length < 2 ? NaN : Math.log(y2 / y1) / Math.log(x2 / x1);
}
