/** What memory and cold start are measured against: a Worker that does nothing. */
// eslint-disable-next-line import/no-default-export -- the runtime wants it
export default {
  fetch: (): Response => new Response("ok"),
};
