/**
 * The request as a command to paste into a shell. A key never enters it: the command reads it from the environment.
 * @param {{ origin: string, body: unknown, needsKey: boolean }} options
 * @returns {string}
 */
export function curlCommand({ origin, body, needsKey }) {
  return [
    `curl -N ${origin}/v1/chat/completions`,
    `-H 'content-type: application/json'`,
    ...(needsKey ? [`-H "authorization: Bearer $AAR_API_KEY"`] : []),
    `-d ${quote(JSON.stringify(body))}`,
  ].join(" \\\n  ");
}

/**
 * One word for a POSIX shell, whatever it holds.
 * @param {string} text
 * @returns {string}
 */
function quote(text) {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
