export interface Route<Handler> {
  readonly handler: Handler;
  readonly params: readonly string[];
}

interface Node<Handler> {
  readonly literals: Map<string, Node<Handler>>;
  parameter: Node<Handler> | undefined;
  readonly methods: Map<string, Handler>;
}

const NOWHERE = { allow: [] } as const;

const emptyNode = <Handler>(): Node<Handler> => ({ literals: new Map(), parameter: undefined, methods: new Map() });

/** Finds handlers by method and path (`/api-keys/:id`), one step per segment. */
export class Router<Handler> {
  readonly #root = emptyNode<Handler>();

  on(method: string, pattern: string, handler: Handler): this {
    let node = this.#root;
    for (const segment of pattern.split("/").slice(1)) {
      if (segment.startsWith(":")) {
        node = node.parameter ??= emptyNode();
        continue;
      }
      const next = node.literals.get(segment) ?? emptyNode();
      node.literals.set(segment, next);
      node = next;
    }
    node.methods.set(method, handler);
    return this;
  }

  /** The route; or the methods that the path has, none if there is no such path. */
  match(method: string, path: string): Route<Handler> | { readonly allow: readonly string[] } {
    const params: string[] = [];
    let node: Node<Handler> | undefined = this.#root;
    for (const segment of path.split("/").slice(1)) {
      const literal: Node<Handler> | undefined = node.literals.get(segment);
      node = literal ?? node.parameter;
      if (!node) return NOWHERE;
      if (literal) continue;
      const param = decode(segment);
      if (!param) return NOWHERE;
      params.push(param);
    }
    const handler = node.methods.get(method);
    return handler ? { handler, params } : { allow: [...node.methods.keys()] };
  }
}

function decode(segment: string): string | undefined {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
