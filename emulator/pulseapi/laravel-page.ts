/** The position of a page, and the facts around it. */
export interface PageFacts {
  readonly page: number;
  readonly perPage: number;
  readonly total: number;
  /** The list's own URL without a query. */
  readonly url: string;
}

/** `{data, links, meta}`, the form of Laravel's paginated resources. */
export function laravelPage(data: readonly unknown[], { page, perPage, total, url }: PageFacts) {
  const lastPage = Math.max(1, Math.ceil(total / perPage));
  const link = (number: number) => (number >= 1 && number <= lastPage ? `${url}?page=${number}` : null);
  const from = data.length > 0 ? (page - 1) * perPage + 1 : null;
  return {
    data,
    links: { first: link(1), last: link(lastPage), prev: link(page - 1), next: link(page + 1) },
    meta: {
      current_page: page,
      from,
      last_page: lastPage,
      path: url,
      per_page: perPage,
      to: from === null ? null : from + data.length - 1,
      total,
    },
  };
}
