import type { ReviewedSide } from "./delta-schema";
import type { Report } from "./report";

/** The services and connections of a report's resources. */
export interface InPlay {
  /** There is more than one service or connection, so every row must name its own. */
  readonly several: boolean;
  /** `pulsely at https://…`, if all resources are on one. */
  readonly only?: string;
  /** Where a resource is after the update (or was before its removal), and where it was before if that changes. */
  readonly placeOf: (urn: string) => { readonly now: string; readonly was?: string } | undefined;
}

/** Program text that is not harmless yet. */
export function servicesInPlay({ delta, kept }: Pick<Report, "delta" | "kept">): InPlay {
  const sides = new Map<string, readonly ReviewedSide[]>();
  for (const { urn, before, after } of delta)
    sides.set(
      urn,
      [before, after].flatMap((side) => side ?? []),
    );
  for (const { urn, now } of kept) sides.set(urn, [now]);
  const all = [...sides.values()].flat();
  const services = new Set(all.map(serviceOf));
  const connections = new Set(all.map(({ connection }) => connection));
  const words = (side: ReviewedSide): string => {
    const connection = connections.size > 1 ? `connection ${side.connection}` : "";
    if (services.size <= 1) return connection;
    return `${serviceOf(side)}${connection === "" ? "" : `, ${connection}`}`;
  };
  const [only] = services;
  return {
    several: services.size > 1 || connections.size > 1,
    ...(services.size === 1 && only !== undefined ? { only } : {}),
    placeOf: (urn) => {
      const [first, last] = [sides.get(urn)?.at(0), sides.get(urn)?.at(-1)];
      if (!first || !last) return undefined;
      const [was, now] = [words(first), words(last)];
      return was === now ? { now } : { now, was };
    },
  };
}

function serviceOf({ backend, origin }: ReviewedSide): string {
  return backend === null || origin === null ? "unknown" : `${backend} at ${origin}`;
}
