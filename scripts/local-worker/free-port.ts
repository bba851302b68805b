import { createServer } from "node:net";

/** How many ports after the preferred one are tried. */
const TRIES = 20;

/** Whether nothing listens on that port of this machine. */
export async function isPortFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** The preferred port or the next free one. Throws when twenty in a row are taken. */
export async function findFreePort(preferred: number): Promise<number> {
  for (let port = preferred; port < preferred + TRIES; port++) {
    if (await isPortFree(port)) {
      return port;
    }
  }
  throw new Error(
    `ports ${preferred} to ${preferred + TRIES - 1} are all in use; choose another: npm start -- --port 9000`,
  );
}
