import { poolFor, undici } from "../provider/http/network";

/** `fetch` through the proxy in HTTPS_PROXY, HTTP_PROXY and NO_PROXY. Accepts a URL as text or object. */
export const proxiedFetch: typeof fetch = async (input, init) => {
  const url = input instanceof Request ? input.url : String(input);
  const dispatcher = await poolFor(url);
  const answer: unknown = await undici().fetch(url, { ...init, dispatcher } as never);
  return answer as Response;
};
