// Runs in the page: what a reader with a keyboard, a screen reader, weak eyes or a small screen would stumble over.
(() => {
  const all = [...document.querySelectorAll("*")];
  const named = (each) =>
    (each.getAttribute("aria-labelledby") ?? "")
      .split(" ")
      .some((id) => document.getElementById(id)?.textContent.trim()) ||
    each.querySelector(":scope > title")?.textContent.trim() ||
    each.getAttribute("alt");
  const hidden = (each) => each.closest("[aria-hidden=true]") !== null;

  const rgba = (text) => {
    const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
    return { r, g, b, a };
  };
  const luminance = ({ r, g, b }) => {
    const [x, y, z] = [r, g, b].map((each) => {
      const share = each / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (each) => {
    for (let at = each; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour.a === 1) return colour;
    }
    return { r: 255, g: 255, b: 255 };
  };
  const contrast = (a, b) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  const written = all.filter((each) =>
    [...each.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== ""),
  );
  const visible = written.filter(
    (each) => each.getClientRects().length > 0 && !each.closest("title, desc, style, script"),
  );
  const faintText = visible.filter((each) => {
    const style = getComputedStyle(each);
    const colour = each instanceof SVGElement ? style.fill : style.color;
    return contrast(rgba(colour), behind(each)) < 4.5;
  });
  const shapes = all.filter(
    (each) => each.matches("svg :is(rect, circle, polygon)") && getComputedStyle(each).fill !== "none",
  );
  const faintShapes = shapes.filter((each) => contrast(rgba(getComputedStyle(each).fill), behind(each)) < 3);
  const brief = (each) => each.outerHTML.slice(0, 120);
  const ids = all.map(({ id }) => id).filter((id) => id !== "");

  return {
    sidewaysBy: Math.max(0, document.documentElement.scrollWidth - innerWidth),
    unnamed: [...document.querySelectorAll("svg, img, [role=region]")]
      .filter((each) => !hidden(each) && !named(each))
      .map(brief),
    headings: [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].map(({ localName }) => Number(localName[1])),
    tables: [...document.querySelectorAll("table")]
      .filter(
        (each) =>
          !each.caption?.textContent.trim() ||
          each.querySelector("th:not([scope])") ||
          [...each.tBodies].some(({ rows }) => [...rows].some((row) => row.cells[0].localName !== "th")),
      )
      .map(brief),
    faint: [...faintText, ...faintShapes].map(brief),
    active: all
      .filter(
        (each) =>
          each.matches("script, iframe, object, embed, form, img, link, base, video, audio") ||
          [...each.attributes].some(({ name }) => name.startsWith("on") || name === "style"),
      )
      .map(brief),
    duplicateIds: ids.filter((id, index) => ids.indexOf(id) !== index),
    lonelyLinks: [...document.links].filter(({ hash }) => !document.getElementById(hash.slice(1))).map(brief),
    background: getComputedStyle(document.body).backgroundColor,
    lines: visible.length,
  };
})();
