/** The least that a proxy in a Worker can do: what `wrangler dev` and workerd cost by themselves. `?to=` is the upstream. */
// eslint-disable-next-line import/no-default-export -- the runtime wants it
export default {
  fetch: (request: Request): Promise<Response> => fetch(new URL(request.url).searchParams.get("to") ?? "", request),
};
