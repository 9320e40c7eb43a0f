// Curves over the number of keys, as an SVG.
const [width, height, left, right, top, bottom] = [760, 400, 50, 240, 40, 40];
const colours = ["#0969da", "#8250df", "#1a7f37", "#cf222e", "#bf8700", "#57606a", "#24292f"];

/** `curves`: title and points [keys, seconds] of each. */
export function chartOf({ title, curves }) {
  const all = curves.flatMap(({ points }) => points);
  const [mostX, mostY] = [0, 1].map((axis) => Math.max(...all.map((point) => point[axis])));
  const x = (value) => (left + (value / mostX) * (width - left - right)).toFixed(1);
  const y = (value) => (height - bottom - (value / mostY) * (height - top - bottom)).toFixed(1);
  const text = (at, words, more = "") => `<text x="${at[0]}" y="${at[1]}" ${more}>${words}</text>`;
  const lines = curves.map(({ title: name, points }, index) => {
    const colour = colours[index % colours.length];
    const path = points.map(([count, seconds]) => `${x(count)},${y(seconds)}`).join(" ");
    const dots = points.map(
      ([count, seconds]) => `<circle cx="${x(count)}" cy="${y(seconds)}" r="3" fill="${colour}"/>`,
    );
    const legend = top + 18 * index;
    return [
      `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      ...dots,
      `<rect x="${width - right + 16}" y="${legend - 9}" width="10" height="10" fill="${colour}"/>`,
      text([width - right + 32, legend], name),
    ].join("\n");
  });
  const counts = [...new Set(all.map(([count]) => count))];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" role="img" aria-label="${title}">
<rect width="${width}" height="${height}" fill="#fff"/>
${text([left, 22], title, 'font-size="14" font-weight="bold"')}
<path d="M${left} ${top}V${height - bottom}H${width - right}" fill="none" stroke="#57606a"/>
${counts.map((count) => text([x(count), height - bottom + 18], count, 'text-anchor="middle"')).join("\n")}
${[0, 0.5, 1].map((part) => text([left - 8, Number(y(mostY * part)) + 4], (mostY * part).toFixed(0), 'text-anchor="end"')).join("\n")}
${lines.join("\n")}
</svg>
`;
}
