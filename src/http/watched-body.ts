/** A body that says once when it has ended: `isCancelled` when the client left before, or the body broke. */
export function watchedBody(
  body: ReadableStream<Uint8Array>,
  onEnd: (isCancelled: boolean) => void,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) {
            onEnd(false);
            controller.close();
          } else {
            controller.enqueue(value);
          }
        } catch (error) {
          onEnd(true);
          controller.error(error);
        }
      },
      async cancel(reason) {
        onEnd(true);
        await reader.cancel(reason);
      },
    },
    // Nothing is read ahead: what the client does not take stays where it is.
    { highWaterMark: 0 },
  );
}
