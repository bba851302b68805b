/** A Worker that passes every request on to `UPSTREAM`, and its stream back: what workerd takes by itself. */
export const FORWARDING_WORKER = `export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    const response = await fetch(env.UPSTREAM + pathname.slice("/v1".length), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: await request.text(),
      signal: request.signal,
    });
    return new Response(response.body, response);
  },
};
`;
