/** Values of GitHub's expression language that the delivery files use. */
export type Value = string | number | boolean | null | { readonly [name: string]: Value } | readonly Value[];

/** What an expression may ask: contexts by name, and the status functions. */
export interface Scope {
  readonly contexts: Readonly<Record<string, Value>>;
  readonly status: { readonly failed: boolean; readonly cancelled: boolean };
}

const token = /\s*(?:(\|\||&&|==|!=|[!()[\].])|('(?:[^']|'')*')|(\d+)|([A-Za-z_][\w-]*))/y;

/**
 * The small part of GitHub's expressions that the delivery files use. Strict on purpose: an unknown
 * function, context or sign is an error, so that no file passes by saying something nobody understands.
 */
export function evaluate(text: string, scope: Scope): Value {
  const tokens = tokensOf(text);
  let at = 0;
  const peek = (): string | undefined => tokens[at];
  const take = (expected?: string): string => {
    const next = tokens[at];
    if (next === undefined || (expected !== undefined && next !== expected))
      throw new Error(`expression ${text}: expected ${expected ?? "more"}, found ${next ?? "its end"}`);
    at += 1;
    return next;
  };

  const or = (): Value => {
    let left = and();
    while (peek() === "||") {
      take();
      const right = and();
      left = truthy(left) ? left : right;
    }
    return left;
  };
  const and = (): Value => {
    let left = comparison();
    while (peek() === "&&") {
      take();
      const right = comparison();
      left = truthy(left) ? right : left;
    }
    return left;
  };
  const comparison = (): Value => {
    const left = unary();
    const operator = peek();
    if (operator !== "==" && operator !== "!=") return left;
    take();
    const right = unary();
    // Unlike types never occur in these files, and GitHub's conversion of them surprises everybody.
    if (left !== null && right !== null && typeof left !== typeof right)
      throw new Error(`expression ${text}: compares a ${typeof left} with a ${typeof right}`);
    return (left === right) === (operator === "==");
  };
  const unary = (): Value => {
    if (peek() !== "!") return primary();
    take();
    return !truthy(unary());
  };
  const primary = (): Value => {
    const next = take();
    if (next === "(") {
      const inner = or();
      take(")");
      return inner;
    }
    if (next.startsWith("'")) return next.slice(1, -1).replaceAll("''", "'");
    if (/^\d/.test(next)) return Number(next);
    if (next === "true" || next === "false") return next === "true";
    if (next === "null") return null;
    if (peek() === "(") {
      take("(");
      take(")");
      return statusOf(next);
    }
    if (!Object.hasOwn(scope.contexts, next)) throw new Error(`expression ${text}: unknown context ${next}`);
    let value: Value = scope.contexts[next] ?? null;
    while (peek() === "." || peek() === "[") {
      if (take() === ".") value = member(value, take());
      else {
        value = member(value, take());
        take("]");
      }
    }
    return value;
  };
  const statusOf = (name: string): Value => {
    const { failed, cancelled } = scope.status;
    if (name === "always") return true;
    if (name === "cancelled") return cancelled;
    if (name === "failure") return failed;
    if (name === "success") return !failed && !cancelled;
    throw new Error(`expression ${text}: unknown function ${name}`);
  };

  const value = or();
  if (at < tokens.length)
    throw new Error(`expression ${text}: nothing is expected after ${tokens.slice(0, at).join(" ")}`);
  return value;
}

/** A text with `${{ … }}` in it. */
export function interpolate(text: string, scope: Scope): string {
  return text.replaceAll(/\$\{\{(.*?)\}\}/gs, (_all, expression: string) => {
    const value = evaluate(expression, scope);
    if (typeof value === "object" && value !== null) throw new Error(`expression ${expression} is no text`);
    return value === null ? "" : String(value);
  });
}

/** An `if:`; one that asks for no status holds only as long as nothing failed. */
export function condition(text: string | undefined, scope: Scope): boolean {
  const healthy = !scope.status.failed && !scope.status.cancelled;
  if (text === undefined) return healthy;
  const expression = /^\s*\$\{\{(.*)\}\}\s*$/s.exec(text)?.[1] ?? text;
  const value = truthy(evaluate(expression, scope));
  return /\b(?:always|cancelled|failure|success)\(\)/.test(expression) ? value : healthy && value;
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  token.lastIndex = 0;
  while (text.slice(token.lastIndex).trim() !== "") {
    const from = token.lastIndex;
    const found = token.exec(text);
    if (!found) throw new Error(`expression ${text}: cannot read ${text.slice(from).trim()}`);
    tokens.push(found[0].trim());
  }
  return tokens;
}

function member(value: Value, name: string): Value {
  if (typeof value !== "object" || value === null) return null;
  if (Array.isArray(value)) return (value as readonly Value[])[Number(name)] ?? null;
  return Object.hasOwn(value, name) ? ((value as Readonly<Record<string, Value>>)[name] ?? null) : null;
}

function truthy(value: Value): boolean {
  return !(value === null || value === false || value === "" || value === 0);
}
